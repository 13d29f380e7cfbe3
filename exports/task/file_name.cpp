#include "exports/task/file_name.hpp"

#include "exports/task/task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace exports {

namespace {

constexpr std::string_view midnight = "12_00_00_AM";
constexpr std::string_view extension = ".csv.gz";
constexpr std::string_view pattern = "0000_00_00-00_00_00_?M"; // 0: a digit, ?: A or P

bool fits(char letter, char wanted) {
    if (wanted == '0')
        return letter >= '0' && letter <= '9';
    if (wanted == '?')
        return letter == 'A' || letter == 'P';
    return letter == wanted;
}

bool is_stamp(std::string_view text) {
    if (!std::ranges::equal(text, pattern, fits))
        return false;
    auto date = std::string(text.substr(0, 10));
    std::ranges::replace(date, '_', '-');
    const auto hour = text.substr(11, 2);
    return lake::day::from_text(date) && hour >= "01" && hour <= "12" && text.substr(14, 2) <= "59" &&
           text.substr(17, 2) <= "60";
}

// ".2": no sign, no leading zero, not 1.
std::optional<unsigned> number_of(std::string_view text) {
    if (text.empty())
        return 1;
    unsigned number = 0;
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data() + 1, end, number);
    const bool plain = text.front() == '.' && text.size() > 1 && text[1] >= '1' && text[1] <= '9';
    if (!plain || read.ec != std::errc() || read.ptr != end || number < 2)
        return std::nullopt;
    return number;
}

} // namespace

file_name file_name::at(std::string task, lake::day boundary) {
    auto date = boundary.text();
    std::ranges::replace(date, '-', '_');
    return {std::move(task), fmt::format("{}-{}", date, midnight)};
}

std::optional<file_name> file_name::from_text(std::string_view name) {
    if (!name.ends_with(extension))
        return std::nullopt;
    name.remove_suffix(extension.size());
    // The number, if there is one, holds no hyphen; the stamp holds exactly one, and one stands before it.
    const auto time = name.rfind('-');
    const auto date = time == std::string_view::npos || time == 0 ? time : name.rfind('-', time - 1);
    if (time == std::string_view::npos || date == std::string_view::npos)
        return std::nullopt;
    const auto task = name.substr(0, date);
    const auto stamp = name.substr(date + 1, pattern.size());
    const auto number = number_of(name.substr(std::min(date + 1 + pattern.size(), name.size())));
    if (!is_task_name(task) || !is_stamp(stamp) || !number)
        return std::nullopt;
    return file_name{std::string(task), std::string(stamp), *number};
}

std::string file_name::text() const {
    return fmt::format("{}-{}{}{}", task, stamp, number == 1 ? "" : fmt::format(".{}", number), extension);
}

} // namespace exports
