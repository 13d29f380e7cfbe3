// Whether the file gets the texts that the table has.
// Tested by tests/integration/test_export_select.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "exports/task/select_shape.hpp"

#include <string>

namespace exports {

using async::awaitable;

// Throws async::error(precondition) if a row of the query has a character that the encoding of the database,
// or that of the file, does not give back.
[[nodiscard]] awaitable<void> must_come_back(db::connection& session, std::string task,
                                             const select_shape& select);

} // namespace exports
