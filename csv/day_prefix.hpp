// The day of a row that travels in front of it as a leading integer column and is stripped on the way, so
// that no row has to be parsed to find its file.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace csv {

struct dated_row {
    std::optional<std::int32_t> day; // days since 1970-01-01; empty for a row that belongs to no day
    std::string_view row;            // the rest, newline included
};

// Throws async::error(internal) if there is no integer (or empty) first field: the query that made the row is
// wrong.
[[nodiscard]] dated_row split_day(std::string_view line);

} // namespace csv
