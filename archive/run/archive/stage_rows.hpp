// Copies rows from the table into blocks of their days' files, which readers do not see yet.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/run/archive/deletion_order.hpp"
#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"

#include <string>

namespace archive {

// All rows of `work.plan` are staged in `work.staging` when this returns, and deleted if `order` says so.
// Everything must outlive `work.staging`. `cutoff`: of the run, for the backlog.
[[nodiscard]] awaitable<void> stage_rows(const run_context& context, lake::ledger& ledger,
                                         archive_transaction& work, std::string cutoff, deletion_order order);

} // namespace archive
