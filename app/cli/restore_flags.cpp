#include "app/cli/restore_flags.hpp"

#include "app/settings/mistake.hpp"
#include "app/settings/parse_name.hpp"
#include "archive/interval_unit.hpp"
#include "archive/retention.hpp"
#include "async/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace app {

namespace {

// "none", "0", or zero of one unit: "0d", "0 days".
bool is_no_hold(std::string_view text) {
    const auto zeros = std::min(text.find_first_not_of('0'), text.size());
    const auto unit = async::trimmed(text.substr(zeros));
    return text == "none" || (zeros > 0 && (unit.empty() || archive::find_unit(unit) != nullptr));
}

// `30d`, or any period that a retention accepts; `interval` becomes empty for no hold. Returns the mistake,
// or
// "".
std::string read_hold(std::string_view given, std::string& interval) {
    interval.clear();
    std::string text(async::trimmed(given));
    if (is_no_hold(text))
        return {};
    const auto digits = text.find_first_not_of("0123456789");
    if (digits != 0 && digits != std::string::npos && digits <= 5 && text.substr(digits) == "d")
        text = text.substr(0, digits) + " days";
    const auto parsed = archive::parse_retention(text);
    if (const auto* mistake = std::get_if<std::string>(&parsed))
        return fmt::format("--hold: {}, or 'none'", *mistake);
    const auto& length = std::get<archive::retention>(parsed);
    constexpr double days_max = 3'653; // ten years
    const double days = length.months * 365.2425 / 12 + length.days +
                        static_cast<double>(length.microseconds) / 86'400'000'000.0;
    if (days > days_max)
        return fmt::format("--hold is '{}': a hold is at most 10 years", text);
    interval = length.interval;
    return {};
}

} // namespace

std::variant<archive::restore_request, std::string> read_restore(const restore_flags& given) {
    archive::restore_request request;
    auto days = read_days_asked("restore", given.days);
    if (auto* const mistake = std::get_if<std::string>(&days))
        return std::move(*mistake);
    request.days = std::get<lake::day_range>(days);
    if (!given.into.empty()) {
        const auto table = parse_table(given.into);
        if (!table.mistake.empty())
            return mistake_in("--into", given.into, table.mistake);
        if (!given.hold.empty())
            return "--hold is for days that go back in place: leave it out with --into";
        request.into = table.name;
        return request;
    }
    request.longer_hold_stays = given.hold.empty();
    auto mistake = read_hold(given.hold.empty() ? default_hold : std::string_view(given.hold), request.hold);
    if (!mistake.empty())
        return mistake;
    return request;
}

} // namespace app
