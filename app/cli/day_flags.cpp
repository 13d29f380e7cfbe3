#include "app/cli/day_flags.hpp"

#include "app/settings/mistake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace app {

namespace {

// 2025-11-31.
bool looks_like_a_day(std::string_view text) {
    constexpr std::string_view shape = "dddd-dd-dd";
    return std::ranges::equal(text, shape, [](char each, char like) {
        return like == 'd' ? each >= '0' && each <= '9' : each == like;
    });
}

// Throws std::string: the clause.
std::optional<lake::day> read_day(std::string_view flag, const std::string& text) {
    if (text.empty())
        return std::nullopt;
    const auto which = lake::day::from_text(text);
    if (!which)
        throw mistake_in(flag, text, clause_for_no_day(text));
    return which;
}

lake::day_range read(std::string_view command, const day_flags& given) {
    lake::day_range days;
    if (const auto one = read_day("--day", given.day)) {
        if (!given.from.empty() || !given.to.empty())
            throw std::string("--day is one day: leave out --from and --to");
        days.first = days.last = one;
        return days;
    }
    days.first = read_day("--from", given.from);
    days.last = read_day("--to", given.to);
    if (!days.first && !days.last)
        throw fmt::format("{} needs the days: give --day, or --from, --to or both, as YYYY-MM-DD", command);
    if (days.first && days.last && *days.last < *days.first)
        throw fmt::format("--from is {}, later than --to, {}: give the earlier day first", given.from,
                          given.to);
    return days;
}

} // namespace

std::string_view clause_for_no_day(std::string_view text) noexcept {
    return looks_like_a_day(text) ? "the calendar has no such day" : "give a day as YYYY-MM-DD";
}

std::variant<lake::day_range, std::string> read_days_asked(std::string_view command, const day_flags& given) {
    try {
        return read(command, given);
    } catch (const std::string& mistake) {
        return mistake;
    }
}

} // namespace app
