// A query's rows through COPY, each given to a function.
#pragma once

#include "db/connection.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace db {

using row_function = std::function<void(std::string_view)>;

// Runs `sql`, a whole COPY … TO STDOUT, and calls `take` with the text of each row, which is valid during the
// call only. Returns the number of rows that the server says it sent. Throws db::error, and what `take`
// throws: the connection is then out of step, as after a cancellation.
[[nodiscard]] awaitable<std::uint64_t>
for_each_row(connection& session, std::string sql, row_function take,
             std::optional<std::uint64_t> rows_expected = std::nullopt);

} // namespace db
