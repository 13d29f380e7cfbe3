#include "app/cli/restore_flags.hpp"

#include "app/settings/mistake.hpp"
#include "app/settings/parse_name.hpp"
#include "archive/retention.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

// Throws std::string: the clause.
std::optional<lake::day> read_day(std::string_view flag, const std::string& text) {
    if (text.empty())
        return std::nullopt;
    const auto which = lake::day::from_text(text);
    if (!which)
        throw mistake_in(flag, text, "give a day as YYYY-MM-DD");
    return which;
}

// `30d`, or anything that a retention may be; `none` and `0d` for no hold at all.
std::string read_hold(std::string text) {
    if (text == "none")
        return {};
    const auto digits = text.find_first_not_of("0123456789");
    if (digits != 0 && digits != std::string::npos && digits <= 5 && text.substr(digits) == "d")
        text = text.substr(0, digits) + " days";
    if (std::ranges::all_of(text.substr(0, text.find(' ')), [](char digit) { return digit == '0'; }))
        return {};
    const auto parsed = archive::parse_retention(text);
    if (const auto* mistake = std::get_if<std::string>(&parsed))
        throw fmt::format("--hold: {}, or 'none'", *mistake);
    const auto& length = std::get<archive::retention>(parsed);
    constexpr double days_max = 3'653; // ten years
    const double days = length.months * 365.2425 / 12 + length.days +
                        static_cast<double>(length.microseconds) / 86'400'000'000.0;
    if (days > days_max)
        throw fmt::format("--hold is '{}': a hold is at most 10 years", text);
    return length.interval;
}

archive::restore_request read(const restore_flags& given) {
    archive::restore_request request;
    if (const auto one = read_day("--day", given.day)) {
        if (!given.from.empty() || !given.to.empty())
            throw std::string("--day is one day: leave out --from and --to");
        request.days.first = request.days.last = one;
    } else {
        request.days.first = read_day("--from", given.from);
        request.days.last = read_day("--to", given.to);
        if (!request.days.first && !request.days.last)
            throw std::string("restore needs the days: give --day, or --from and --to, as YYYY-MM-DD");
        if (request.days.first && request.days.last && *request.days.last < *request.days.first)
            throw fmt::format("--from is {}, later than --to, {}: give the earlier day first", given.from,
                              given.to);
    }
    if (!given.into.empty()) {
        const auto table = parse_table(given.into);
        if (!table.mistake.empty())
            throw mistake_in("--into", given.into, table.mistake);
        if (!given.hold.empty())
            throw std::string("--hold is for days that go back in place: leave it out with --into");
        request.into = table.name;
        return request;
    }
    request.hold = read_hold(given.hold.empty() ? std::string(default_hold) : given.hold);
    return request;
}

} // namespace

std::variant<archive::restore_request, std::string> read_restore(const restore_flags& given) {
    try {
        return read(given);
    } catch (const std::string& mistake) {
        return mistake;
    }
}

} // namespace app
