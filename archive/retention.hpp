// How long an event stays in the table. The grammar is that of PostgreSQL's intervals, without the spellings
// that a person is unlikely to mean as a retention.
//
// Ours because a mistake is told before any connection is opened, and because PostgreSQL reads more than is
// safe here: a bare number as seconds, `m` as minutes, a sign. The cutoff itself is PostgreSQL's arithmetic.
// Replace it by a query if such a mistake may be reported after a connection is open.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace archive {

// Months and days are kept apart from time, as PostgreSQL does, because their length depends on the calendar.
struct retention {
    std::string interval; // normalised, to be bound as a parameter: "1 year 2 mons 3 days 4 hours"
    std::int32_t months = 0;
    std::int32_t days = 0;
    std::int64_t microseconds = 0;

    friend bool operator==(const retention&, const retention&) = default;
};

// The retention, or a clause that says what was given, what is wrong with it and what would be right.
//
// It reads `1 year 2 mons`, `36 hours`, `1.5 days`, and ISO 8601 such as `P1Y2M3DT4H`, in any case. It does
// not read, although PostgreSQL does, signs, `@`, `ago`, hh:mm:ss, a bare number (seconds), `m` (minutes),
// fractions of a month and more, anything longer than 1000 years.
[[nodiscard]] std::variant<retention, std::string> parse_retention(std::string_view text);

} // namespace archive
