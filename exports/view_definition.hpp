// What the text of a view says of its one table, from its words alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace exports {

struct view_definition {
    std::string schema; // plain names of the one table behind FROM; empty: it stands there without a schema
    std::string table;  // empty: the text is not understood
    // The table's columns in the view's order, plain names. Empty unless each is a column of the table under
    // its own name.
    std::vector<std::string> columns;
};

// `sql`: as pg_get_viewdef writes it. The server has to say that the view is simply updatable.
[[nodiscard]] view_definition definition_from(std::string_view sql);

} // namespace exports
