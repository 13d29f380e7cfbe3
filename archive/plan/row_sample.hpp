// The size of the rows that a plan has chosen, from a sample of at most 2,000 of them.
// Tested by tests/integration/test_plan.py.
#pragma once

#include "archive/plan/plan.hpp"
#include "archive/plan/size_estimate.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"

#include <cstdint>

namespace archive {

// `rows`: how many there are. Inside the session's transaction. Throws db::error.
[[nodiscard]] awaitable<row_size> sample_rows(db::connection& session, const table_description& table,
                                              const plan& chosen, std::uint64_t rows);

} // namespace archive
