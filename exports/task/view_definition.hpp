// What the text of a view says about its one table. Only the text is read.
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

// `sql`: as pg_get_viewdef writes it. The caller knows from the server that the view is simply updatable.
[[nodiscard]] view_definition definition_from(std::string_view sql);

} // namespace exports
