// The table that a task's delete.sql deletes from, as the catalog has it.
// Tested by tests/integration/test_export_rows.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace exports {

using async::awaitable;

struct target_table {
    std::string name;                 // in front of columns and in queries: schema and table, quoted
    std::vector<std::string> columns; // in their order
    // The columns of each index that makes rows unique: valid, of plain columns without NULL, of all rows.
    std::vector<std::vector<std::string>> keys;
    // Why its rows are not all that is deleted, a clause; empty: they are.
    std::string obstacle;
    // The table that loses rows, of a view the one behind it; 0: the catalog does not tell it.
    std::uint32_t relation = 0;
};

// `name` as SQL has it, resolved by the session's search_path; `only`: without those that inherit from it.
// A view is followed to its table where it is simply updatable. Nothing if there is no such table. To be
// called inside a transaction; trusts nothing in that search_path.
[[nodiscard]] awaitable<std::optional<target_table>> find_target(db::connection& session, std::string name,
                                                                 bool only);

} // namespace exports
