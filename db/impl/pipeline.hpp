// Several statements in one round trip and one transaction: libpq's pipeline mode. The server ends the
// transaction at the synchronisation point, and undoes it if one of them fails.
// Tested by tests/unit/events/queries/query_desk_test.cpp.
#pragma once

#include "db/connection.hpp"
#include "db/impl/libpq_session.hpp"
#include "db/impl/statement.hpp"
#include "db/result.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace db {

// What connection::prepare and connection::read do.
[[nodiscard]] awaitable<std::vector<std::uint32_t>> prepare_reading(std::shared_ptr<libpq_session> session,
                                                                    reading_statement statement);
[[nodiscard]] awaitable<result> run_reading(std::shared_ptr<libpq_session> session,
                                            reading_statement statement, bound_parameters parameters);

} // namespace db
