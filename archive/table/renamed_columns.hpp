// Whether a column of a file may be another column of the table than the one that has its name today.
// Tested by tests/unit/archive/table/renamed_columns_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace archive {

// A place for a column in a table, in the order of pg_attribute. The server keeps those of dropped columns.
struct column_place {
    std::string name; // empty: the column was dropped
    bool operator==(const column_place&) const = default;
};

// `file` and `table` have a column of this name. A column keeps its place when it is renamed, and new ones
// come last: names that were exchanged, or given to another column, stand at other places than before.
[[nodiscard]] bool may_be_another_column(std::string_view name, std::span<const std::string> file,
                                         std::span<const column_place> table);

} // namespace archive
