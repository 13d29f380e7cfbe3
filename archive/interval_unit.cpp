#include "archive/interval_unit.hpp"

#include "async/ascii.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <string>

namespace archive {

namespace {

constexpr std::array units{
    interval_unit{"millennium", "millennium millennia", 12'000, 0, 0},
    interval_unit{"century", "century centuries", 1'200, 0, 0},
    interval_unit{"decade", "decade decades", 120, 0, 0},
    interval_unit{"year", "year years yr yrs y", 12, 0, 0},
    interval_unit{"month", "month months mon mons", 1, 0, 0},
    interval_unit{"week", "week weeks w", 0, 7, 0},
    interval_unit{"day", "day days d", 0, 1, 0},
    interval_unit{"hour", "hour hours hr hrs h", 0, 0, 3600 * microseconds_per_second},
    interval_unit{"minute", "minute minutes min mins", 0, 0, 60 * microseconds_per_second},
    interval_unit{"second", "second seconds sec secs s", 0, 0, microseconds_per_second},
    interval_unit{"millisecond", "millisecond milliseconds msecond mseconds msec msecs ms", 0, 0,
                  microseconds_per_second / 1000},
    interval_unit{"microsecond", "microsecond microseconds usecond useconds usec usecs us", 0, 0, 1},
};

} // namespace

const interval_unit* find_unit(std::string_view word) {
    const auto wanted = ' ' + async::lowercase(word) + ' ';
    for (const auto& candidate : units)
        if (fmt::format(" {} ", candidate.spellings).find(wanted) != std::string::npos)
            return &candidate;
    return nullptr;
}

const interval_unit* find_designator(char letter, bool after_t) {
    switch (std::toupper(static_cast<unsigned char>(letter))) {
    case 'Y':
        return after_t ? nullptr : find_unit("year");
    case 'M':
        return find_unit(after_t ? "minute" : "month");
    case 'W':
        return after_t ? nullptr : find_unit("week");
    case 'D':
        return after_t ? nullptr : find_unit("day");
    case 'H':
        return after_t ? find_unit("hour") : nullptr;
    case 'S':
        return after_t ? find_unit("second") : nullptr;
    default:
        return nullptr;
    }
}

} // namespace archive
