#include "app/settings/parse.hpp"

#include "async/ascii.hpp"
#include "async/number.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

namespace app {

namespace {

struct unit_factor {
    std::string_view unit;
    std::uint64_t factor;
};

// Digits and a unit; nullopt if it does not have that form or does not fit.
std::optional<std::uint64_t> scaled(std::string_view text, std::span<const unit_factor> units) {
    std::uint64_t number = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failed != std::errc() || end == text.data())
        return std::nullopt;
    auto rest = text.substr(static_cast<std::size_t>(end - text.data()));
    while (rest.starts_with(' '))
        rest.remove_prefix(1);
    const auto name = async::lowercase(rest);
    for (const auto& [unit, factor] : units)
        if (name == unit)
            return number <= std::numeric_limits<std::uint64_t>::max() / factor
                       ? std::optional(number * factor)
                       : std::nullopt;
    return std::nullopt;
}

} // namespace

parsed<bool> parse_boolean(std::string_view text) {
    const auto word = async::lowercase(text);
    if (word == "true" || word == "1" || word == "yes")
        return true;
    if (word == "false" || word == "0" || word == "no")
        return false;
    return "give true or false (1, 0, yes and no are understood too)";
}

parsed<std::uint64_t> parse_count(std::string_view text, std::uint64_t min, std::uint64_t max) {
    const auto number = async::number_from<std::uint64_t>(text);
    if (!number || *number < min || *number > max)
        return max == std::numeric_limits<std::uint64_t>::max()
                   ? fmt::format("give a whole number of at least {}", min)
                   : fmt::format("give a whole number from {} to {}", min, max);
    return *number;
}

parsed<std::uint64_t> parse_size(std::string_view text) {
    constexpr std::uint64_t k = 1024;
    static constexpr std::array<unit_factor, 15> units{{{"", 1},
                                                        {"b", 1},
                                                        {"k", k},
                                                        {"kib", k},
                                                        {"ki", k},
                                                        {"kb", 1000},
                                                        {"m", k * k},
                                                        {"mib", k * k},
                                                        {"mi", k * k},
                                                        {"mb", 1000 * 1000},
                                                        {"g", k * k * k},
                                                        {"gib", k * k * k},
                                                        {"gi", k * k * k},
                                                        {"gb", 1000 * 1000 * 1000},
                                                        {"tib", k * k * k * k}}};
    if (const auto bytes = scaled(text, units))
        return *bytes;
    return "give a size such as 32MiB or 10MB";
}

parsed<std::chrono::milliseconds> parse_time(std::string_view text) {
    static constexpr std::array<unit_factor, 4> units{
        {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
    constexpr std::uint64_t longest = 7 * 24 * std::uint64_t{3'600'000};
    const auto span = scaled(text, units);
    if (span && *span <= longest)
        return std::chrono::milliseconds(static_cast<std::int64_t>(*span));
    return "give a time with its unit, such as 60s, 500ms or 2m, at most 168h";
}

parsed<std::chrono::milliseconds> parse_age(std::string_view text) {
    static constexpr std::array<unit_factor, 6> units{
        {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}, {"w", 604'800'000}}};
    constexpr std::uint64_t longest = 36'525 * std::uint64_t{86'400'000};
    const auto span = scaled(text, units);
    if (span && *span > 0 && *span <= longest)
        return std::chrono::milliseconds(static_cast<std::int64_t>(*span));
    return "give a time with its unit, such as 7d, 12h or 30m";
}

parsed<archive::shard> parse_shard(std::string_view text, std::string_view completion_index) {
    const std::string wrong =
        "give I/N with I from 0 to N-1, such as 3/12, or /12 with JOB_COMPLETION_INDEX set";
    const auto slash = text.find('/');
    if (slash == std::string_view::npos)
        return wrong;
    auto index = text.substr(0, slash);
    if (index.empty() || index == "i" || index == "I")
        index = completion_index;
    const auto count = parse_count(text.substr(slash + 1), 1, 100'000);
    if (!std::holds_alternative<std::uint64_t>(count))
        return wrong;
    const auto number = parse_count(index, 0, std::get<std::uint64_t>(count) - 1);
    if (!std::holds_alternative<std::uint64_t>(number))
        return wrong;
    return archive::shard{static_cast<std::uint32_t>(std::get<std::uint64_t>(number)),
                          static_cast<std::uint32_t>(std::get<std::uint64_t>(count))};
}

} // namespace app
