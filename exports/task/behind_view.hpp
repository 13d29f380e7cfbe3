// The table behind a view, and whether a DELETE from the view deletes the rows that the view shows.
// Tested by tests/integration/test_export_views.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <string>

namespace exports {

using async::awaitable;

struct relation_row {
    std::string number; // its oid
    std::string name;   // quoted
    std::string kind;   // pg_class.relkind
};

// Of a row with oid, schema, name and relkind.
[[nodiscard]] relation_row relation_in(const db::result& found);

struct behind_view {
    relation_row table;   // at the end of the views; the relation itself if it is not a view
    bool known = false;   // the table that a DELETE takes rows from
    std::string obstacle; // why they are not the rows that the view shows, a clause; empty: they are
};

// Follows views to their table. Call it inside a transaction. It does not rely on the search_path.
[[nodiscard]] awaitable<behind_view> look_behind(db::connection& session, relation_row view);

} // namespace exports
