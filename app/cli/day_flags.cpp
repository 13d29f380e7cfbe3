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

// Returns the mistake in the text, or "".
std::string read_day(std::string_view flag, const std::string& text, std::optional<lake::day>& day) {
    if (text.empty())
        return {};
    day = lake::day::from_text(text);
    return day ? std::string() : mistake_in(flag, text, clause_for_no_day(text));
}

} // namespace

std::string_view clause_for_no_day(std::string_view text) noexcept {
    return looks_like_a_day(text) ? "the calendar has no such day" : "give a day as YYYY-MM-DD";
}

std::variant<lake::day_range, std::string> read_days_asked(std::string_view command, const day_flags& given) {
    lake::day_range days;
    if (!given.day.empty()) {
        if (auto mistake = read_day("--day", given.day, days.first); !mistake.empty())
            return mistake;
        if (!given.from.empty() || !given.to.empty())
            return "--day is one day: leave out --from and --to";
        days.last = days.first;
        return days;
    }
    for (auto mistake : {read_day("--from", given.from, days.first), read_day("--to", given.to, days.last)})
        if (!mistake.empty())
            return mistake;
    if (!days.first && !days.last)
        return fmt::format("{} needs the days: give --day, or --from, --to or both, as YYYY-MM-DD", command);
    if (days.first && days.last && *days.last < *days.first)
        return fmt::format("--from is {}, later than --to, {}: give the earlier day first", given.from,
                           given.to);
    return days;
}

} // namespace app
