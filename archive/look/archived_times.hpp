// The times of the archived rows, from the marks of the files alone. Pure functions from a listing to values.
#pragma once

#include "lake/file_map.hpp"

#include <string>
#include <vector>

namespace archive {

// From the first moment, and before the second one: "2024-02-29 00:00:00", "2024-02-29 02:00:17.123", in UTC.
struct time_range {
    std::string from;
    std::string before;
    bool operator==(const time_range&) const = default;
};

// Of a file that others wrote, or whose mark does not say what its rows are older than, the whole day counts.
// A file without rows counts for nothing. In order; ranges that touch are one. Throws
// async::error(precondition) for a file with uncommitted rows: it is not known
// yet whether they are archived.
[[nodiscard]] std::vector<time_range> archived_times(const lake::file_map& files);

} // namespace archive
