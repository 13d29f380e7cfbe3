// The names of exported files: agency-2025_01_01-12_00_00_AM.csv.gz, and for further files of the same
// boundary agency-2025_01_01-12_00_00_AM.2.csv.gz and so on.
#pragma once

#include "lake/day.hpp"

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace exports {

struct file_name {
    std::string task;
    std::string stamp;   // the boundary: "2025_01_01-12_00_00_AM"
    unsigned number = 1; // 1 is not written

    // The name of the first file of a run whose boundary is the midnight of this day.
    [[nodiscard]] static file_name at(std::string task, lake::day boundary);
    // nullopt if it is not such a name. Any time of day is accepted: earlier services wrote the time of the
    // run.
    [[nodiscard]] static std::optional<file_name> from_text(std::string_view name);

    [[nodiscard]] std::string text() const;
    [[nodiscard]] file_name next() const { return {task, stamp, number + 1}; }
    friend auto operator<=>(const file_name&, const file_name&) = default;
};

} // namespace exports
