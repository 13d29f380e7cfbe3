// What to bring back, and how.
#pragma once

#include "archive/day_range.hpp"
#include "archive/lake.hpp"

#include <string>
#include <vector>

namespace archive {

struct restore_request {
    day_range days;
    std::string into; // a table as SQL reads it; empty: back into the table the rows came from
    std::string hold; // an interval: how long `archive` leaves the days alone after a restore in place
};

// The files of those days that hold a row, or may.
[[nodiscard]] std::vector<const lake_file*> files_to_restore(const file_map& files, const day_range& days);

} // namespace archive
