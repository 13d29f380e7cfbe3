// Text becomes types once. Each parser returns the value or a clause that says what would be right.
#pragma once

#include "archive/settings.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace app {

template <typename T>
using parsed = std::variant<T, std::string>;

[[nodiscard]] parsed<bool> parse_boolean(std::string_view text);
[[nodiscard]] parsed<std::uint64_t> parse_count(std::string_view text, std::uint64_t min, std::uint64_t max);
// "32MiB", "10MB", "64k", "1048576".
[[nodiscard]] parsed<std::uint64_t> parse_size(std::string_view text);
// "60s", "500ms", "2m", "1h".
[[nodiscard]] parsed<std::chrono::milliseconds> parse_time(std::string_view text);
// "3/12", or "/12" with the index given separately (empty: not given).
[[nodiscard]] parsed<archive::shard> parse_shard(std::string_view text, std::string_view completion_index);

struct parsed_name {
    std::string name;
    std::string mistake; // empty: there is none
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
