// The table that a task's delete.sql deletes from, as the catalog has it.
// Tested by tests/integration/test_export_rows.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace exports {

using async::awaitable;

struct target_table {
    std::string name;                 // in front of columns and in queries: schema and table, quoted
    std::vector<std::string> columns; // in their order
    // The columns of each index that makes rows unique: valid, of plain columns without NULL, of all rows.
    std::vector<std::vector<std::string>> keys;
    // A clause that says why the DELETE removes other rows too; empty: it does not.
    std::string obstacle;
    // The table that loses rows: for a view, the table behind it; 0: the catalog does not say.
    std::uint32_t relation = 0;
};

// `name` as SQL has it, resolved by the session's search_path; `only`: without those that inherit from it. A
// view is followed to its table where it is simply updatable. nullopt if there is no such table. Call it
// inside a transaction. It does not rely on that search_path.
[[nodiscard]] awaitable<std::optional<target_table>> find_target(db::connection& session, std::string name,
                                                                 bool only);

// The oids of its partitions, of any depth, and of itself: as the catalog has them now, which a DELETE sees,
// and not the snapshot. Empty if the table has none, and for 0.
[[nodiscard]] awaitable<std::set<std::string>> partitions_of(db::connection& session, std::uint32_t relation);

} // namespace exports
