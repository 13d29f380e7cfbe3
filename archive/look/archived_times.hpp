// The times of the archived rows, from the marks of the files alone. Pure functions from a listing to values.
#pragma once

#include "lake/folder/file_map.hpp"

#include <string>
#include <vector>

namespace archive {

// From the first time up to the second one, which is not included: "2024-02-29 00:00:00", "2024-02-29
// 02:00:17.123", in UTC.
struct time_range {
    std::string from;
    std::string before;
    bool operator==(const time_range&) const = default;
};

// The whole day counts for a file that others wrote, and for one whose mark does not say what time its rows
// are older than. A file without rows adds no range. The ranges are in order; ranges that touch are joined.
// Throws async::error(precondition) for a file with uncommitted rows: whether they are archived is not known
// yet.
[[nodiscard]] std::vector<time_range> archived_times(const lake::file_map& files);

} // namespace archive
