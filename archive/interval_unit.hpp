// The units that a retention is written in, with PostgreSQL's spellings.
// Tested by tests/unit/archive/retention_test.cpp.
#pragma once

#include <cstdint>
#include <string_view>

namespace archive {

inline constexpr std::int64_t microseconds_per_second = 1'000'000;
inline constexpr std::int64_t microseconds_per_day = 86'400 * microseconds_per_second;

struct interval_unit {
    std::string_view name;
    std::string_view spellings; // those of PostgreSQL's deltatktbl (datetime.c) that read as only one unit
    std::int32_t months;        // of these three only one is set
    std::int32_t days;
    std::int64_t microseconds;

    [[nodiscard]] constexpr double length() const {
        return months * 365.2425 / 12 * static_cast<double>(microseconds_per_day) +
               days * static_cast<double>(microseconds_per_day) + static_cast<double>(microseconds);
    }
};

// In any case: "Years", "mon". Null if there is no such unit.
[[nodiscard]] const interval_unit* find_unit(std::string_view word);
// The one-letter designators of ISO 8601, in which M means month before the T and minute after it.
[[nodiscard]] const interval_unit* find_designator(char letter, bool after_t);

} // namespace archive
