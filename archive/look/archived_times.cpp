#include "archive/look/archived_times.hpp"

#include "async/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

namespace {

constexpr std::string_view midnight = " 00:00:00";

void must_be_final(const lake::listed_file& file) {
    const auto& mark = file.mark.mark;
    if (mark && (mark->pending || mark->restoring))
        throw async::error(
            async::failure::precondition,
            fmt::format("it is not known yet whether all rows of '{}' are archived", file.properties.name),
            "`event-archiver recover` finds out; an `archive` or `restore` that is at work must end first.");
}

// Text order is the order of time: all years have four digits.
time_range range_of(const lake::listed_file& file) {
    const auto day = file.key().which;
    const auto next = lake::day::from_number(day.number() + 1);
    time_range range{day.text() + std::string(midnight),
                     next ? next->text() + std::string(midnight) : "infinity"};
    const auto& mark = file.mark.mark;
    if (mark && mark->now.bytes == file.properties.size && !mark->now.before.empty())
        range.before = std::min(range.before, mark->now.before);
    return range;
}

} // namespace

std::vector<time_range> archived_times(const lake::file_map& files) {
    std::vector<time_range> ranges;
    for (const auto& [key, file] : files) {
        must_be_final(file);
        if (file.mark.mark && file.mark.mark->now.rows == 0)
            continue;
        auto range = range_of(file);
        if (range.before <= range.from)
            continue;
        if (!ranges.empty() && range.from <= ranges.back().before)
            ranges.back().before = std::max(ranges.back().before, range.before);
        else
            ranges.push_back(std::move(range));
    }
    return ranges;
}

} // namespace archive
