// What to bring back, and how.
#pragma once

#include "lake/day_range.hpp"
#include "lake/folder/folder.hpp"

#include <string>
#include <vector>

namespace archive {

struct restore_request {
    lake::day_range days;
    std::string into; // a table as SQL reads it; empty: back into the table the rows came from
    std::string hold; // an interval: how long `archive` leaves the days alone after a restore in place
    // `hold` is the default, not what a person gave: a longer hold that a day has already stays.
    bool longer_hold_stays = false;
};

// The files of those days that hold a row, or may. Throws async::error(precondition) if no
// file does.
[[nodiscard]] std::vector<const lake::listed_file*> files_to_restore(const lake::file_map& files,
                                                                     const lake::day_range& days);

} // namespace archive
