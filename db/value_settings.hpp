// How values are written and which rows a query finds, for statements that users wrote and that run outside
// db::transaction.
// Tested by tests/unit/db/begin_statement_test.cpp.
#pragma once

#include <string_view>
#include <utility>
#include <vector>

namespace db {

// The names and values of these settings, as each transaction of ours has them.
[[nodiscard]] std::vector<std::pair<std::string_view, std::string_view>> value_settings();

} // namespace db
