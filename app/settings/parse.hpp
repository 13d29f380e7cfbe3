// Parsers of settings. Each returns the value or a clause that says what would be right.
#pragma once

#include "archive/settings.hpp"

#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <variant>

namespace app {

template <typename T>
using parsed = std::variant<T, std::string>;

[[nodiscard]] parsed<bool> parse_boolean(std::string_view text);
[[nodiscard]] parsed<std::uint64_t> parse_count(std::string_view text, std::uint64_t min, std::uint64_t max);
// A parser for counts within these bounds.
[[nodiscard]] inline auto count_from(std::uint64_t min,
                                     std::uint64_t max = std::numeric_limits<std::uint64_t>::max()) {
    return [min, max](std::string_view text) { return parse_count(text, min, max); };
}
// "32MiB", "10MB", "64k", "1048576".
[[nodiscard]] parsed<std::uint64_t> parse_size(std::string_view text);
// "60s", "500ms", "2m", "1h".
[[nodiscard]] parsed<std::chrono::milliseconds> parse_time(std::string_view text);
// "7d", "12h", "2w": as a time, and days and weeks.
[[nodiscard]] parsed<std::chrono::milliseconds> parse_age(std::string_view text);
// A parser for times of at least this length.
[[nodiscard]] inline auto time_from(std::chrono::milliseconds min) {
    return [min](std::string_view text) -> parsed<std::chrono::milliseconds> {
        auto time = parse_time(text);
        if (const auto* span = std::get_if<0>(&time); span != nullptr && *span < min)
            return "give at least " + std::to_string(min.count()) + "ms";
        return time;
    };
}
// "3/12", or "/12" with the index given separately (empty: not given).
[[nodiscard]] parsed<archive::shard> parse_shard(std::string_view text, std::string_view completion_index);

} // namespace app
