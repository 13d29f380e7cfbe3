// Names of tables and columns, and paths in the lake, as settings and flags give them.
#pragma once

#include "app/settings/parse.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace app {

struct parsed_name {
    std::string name;
    std::string mistake; // empty if the name is right
};
// A table as SQL writes it: name or schema.name, each perhaps in double quotes. Returned as given.
[[nodiscard]] parsed_name parse_table(std::string_view text);
// A column's name; in double quotes as SQL writes it, or plainly as it is.
[[nodiscard]] parsed_name parse_column(std::string_view text);
// Several of them, "tenant,id", in that order; a name with a comma stands in double quotes. Empty: none.
[[nodiscard]] parsed<std::vector<std::string>> parse_columns(std::string_view text);

struct lake_path {
    std::string container;
    std::string folder;
};
[[nodiscard]] parsed<lake_path> parse_lake_path(std::string_view text);

} // namespace app
