#include "archive/retention.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace archive {
namespace {

using testing::HasSubstr;

constexpr std::int64_t second = 1'000'000;
constexpr std::int64_t hour = 3600 * second;

struct read_case {
    std::string_view text;
    retention value;
};

// The values are those of PostgreSQL 15 for the same text, where it reads it (it wants ISO 8601 in capitals).
TEST(retention, is_read_as_postgresql_reads_an_interval) {
    const read_case cases[] = {
        {"1 year", {"1 year", 12, 0, 0}},
        {"90 days", {"90 days", 0, 90, 0}},
        {"1 year 2 mons 3 days", {"1 year 2 mons 3 days", 14, 3, 0}},
        {"2 weeks", {"14 days", 0, 14, 0}},
        {"36 hours", {"36 hours", 0, 0, 36 * hour}},
        {"18 months", {"1 year 6 mons", 18, 0, 0}},
        {"90 minutes", {"1 hour 30 mins", 0, 0, hour + hour / 2}},
        {"1 second", {"1 sec", 0, 0, second}},
        {"1 ms 1 us", {"1001 microseconds", 0, 0, 1001}},
        {"1 week 1 day", {"8 days", 0, 8, 0}},
        {"2 decades", {"20 years", 240, 0, 0}},
        {"1 century 1 decade 1 year", {"111 years", 1332, 0, 0}},
        {"1 millennium", {"1000 years", 12'000, 0, 0}},
        {"3 days 1 year", {"1 year 3 days", 12, 3, 0}},
        {"0 years 1 day", {"1 day", 0, 1, 0}},
        {"0001 year", {"1 year", 12, 0, 0}},
        {"1y", {"1 year", 12, 0, 0}},
        {"90d", {"90 days", 0, 90, 0}},
        {" \t1\nYEAR , 2  Mons ", {"1 year 2 mons", 14, 0, 0}},
        {"1.5 years", {"1 year 6 mons", 18, 0, 0}},
        {"0.5 year", {"6 mons", 6, 0, 0}},
        {"0.25 decades", {"2 years 6 mons", 30, 0, 0}},
        {"P1.5Y", {"1 year 6 mons", 18, 0, 0}},
        {"2.0 mons", {"2 mons", 2, 0, 0}},
        {"@ 1 year 2 mons", {"1 year 2 mons", 14, 0, 0}},
        {"1.5 days", {"1 day 12 hours", 0, 1, 12 * hour}},
        {"1.5 weeks", {"10 days 12 hours", 0, 10, 12 * hour}},
        {"1.111111 weeks", {"7 days 18 hours 39 mins 59 secs 932800 microseconds", 0, 7, 67'199'932'800}},
        {"0.1 hours", {"6 mins", 0, 0, 360 * second}},
        {"0.5 ms", {"500 microseconds", 0, 0, 500}},
        {"P1Y2M", {"1 year 2 mons", 14, 0, 0}},
        {"P1Y2M3DT4H", {"1 year 2 mons 3 days 4 hours", 14, 3, 4 * hour}},
        {"PT36H", {"36 hours", 0, 0, 36 * hour}},
        {"P1M", {"1 mon", 1, 0, 0}},
        {"PT1M", {"1 min", 0, 0, 60 * second}},
        {"P2W", {"14 days", 0, 14, 0}},
        {"P1.5D", {"1 day 12 hours", 0, 1, 12 * hour}},
        {"PT0.25S", {"250000 microseconds", 0, 0, second / 4}},
        {"p1yt1h", {"1 year 1 hour", 12, 0, hour}},
    };
    for (const auto& [text, value] : cases) {
        SCOPED_TRACE(text);
        const auto parsed = parse_retention(text);
        if (const auto* mistake = std::get_if<std::string>(&parsed)) {
            ADD_FAILURE() << *mistake;
            continue;
        }
        const auto& actual = std::get<retention>(parsed);
        EXPECT_EQ(actual.interval, value.interval);
        EXPECT_EQ(actual.months, value.months);
        EXPECT_EQ(actual.days, value.days);
        EXPECT_EQ(actual.microseconds, value.microseconds);
    }
}

TEST(retention, comes_back_from_its_normalised_text) {
    for (const std::string_view text :
         {"14 months", "1.111111 weeks", "P1Y2M3DT4H5M6S", "1000 years", "1 us"}) {
        SCOPED_TRACE(text);
        const auto first = std::get<retention>(parse_retention(text));
        EXPECT_EQ(std::get<retention>(parse_retention(first.interval)), first);
    }
}

TEST(retention, is_read_in_each_spelling_of_a_unit_that_means_only_one) {
    const std::pair<std::string_view, std::vector<std::string_view>> cases[] = {
        {"1 year", {"year", "years", "yr", "yrs", "y"}},
        {"1 mon", {"month", "months", "mon", "mons"}},
        {"7 days", {"week", "weeks", "w"}},
        {"1 day", {"day", "days", "d"}},
        {"1 hour", {"hour", "hours", "hr", "hrs", "h"}},
        {"1 min", {"minute", "minutes", "min", "mins"}},
        {"1 sec", {"second", "seconds", "sec", "secs", "s"}},
    };
    for (const auto& [interval, spellings] : cases) {
        for (const auto spelling : spellings) {
            SCOPED_TRACE(spelling);
            const auto parsed = parse_retention("1 " + std::string(spelling));
            ASSERT_TRUE(std::holds_alternative<retention>(parsed));
            EXPECT_EQ(std::get<retention>(parsed).interval, interval);
        }
    }
}

struct mistake_case {
    std::string_view text;
    std::string_view what_is_wrong;
};

TEST(retention, is_refused_with_what_was_given_what_is_wrong_and_what_would_be_right) {
    const mistake_case cases[] = {
        {"", "names no span of time"},
        {"  ", "names no span of time"},
        {"1", "has a number without a unit"},
        {"0", "has a number without a unit"},
        {"365.25", "has a number without a unit"},
        {"1 year 2", "has a number without a unit"},
        {"0 days", "is zero, which would archive every event at once"},
        {"0 years 0.0 hours", "is zero, which would archive every event at once"},
        {"P0D", "is zero, which would archive every event at once"},
        {"0.0001 us", "is zero, which would archive every event at once"},
        {"-1 year", "is negative"},
        {"1 year -1 day", "is negative"},
        {"P-1Y", "is negative"},
        {"P1Y-2M", "is negative"},
        {"-P1Y", "is negative"},
        {"+1 year", "has a sign"},
        {"1 year +1 day", "has a sign"},
        {"1 year ago", "is negative, because of 'ago'"},
        {"@ 1 year ago", "is negative, because of 'ago'"},
        {"1 @ year", "has a number without a unit"},
        {"soon", "has 'soon' where a number should be"},
        {"pending", "has 'pending' where a number should be"},
        {"infinity", "has 'infinity' where a number should be"},
        {"a year", "has 'a year' where a number should be"},
        {"1 year and 2 mons", "has 'and 2 mons' where a number should be"},
        {"1 fortnight", "has 'fortnight' where a unit of time should be"},
        {"1 quarter", "has 'quarter' where a unit of time should be"},
        {"1e3 days", "has 'e' where a unit of time should be"},
        {"6 m",
         "has the unit 'm', which is a minute to PostgreSQL and a month to many: write 'min' or 'mon'"},
        {"6 M",
         "has the unit 'm', which is a minute to PostgreSQL and a month to many: write 'min' or 'mon'"},
        {"1 year 1 yr", "names the year twice"},
        {"P1Y1Y", "names the year twice"},
        {"1.1 years", "has a fraction of a year, which is no whole number of months"},
        {"0.5 mons", "has a fraction of a month, which is no whole number of months"},
        {"P0.3Y", "has a fraction of a year, which is no whole number of months"},
        {"0.0 years", "is zero, which would archive every event at once"},
        {"1. days", "has a fraction that is not of one to six digits"},
        {"1.0000001 days", "has a fraction that is not of one to six digits"},
        {".5 days", "has '.5 days' where a number should be"},
        {"1,5 days", "has a number without a unit"},
        {"1 year,", "ends in a comma"},
        {"1 year,,1 day", "has ',1 day' where a number should be"},
        {"1year2mons", "goes on with '2mons' after a unit"},
        {"01:00:00", "has a number without a unit"},
        {"1-2", "has a number without a unit"},
        {"P", "names no span of time"},
        {"PT", "names no span of time"},
        {"P1YT", "names no span of time"},
        {"P1", "has a number without a unit"},
        {"P1H", "has 'H' where ISO 8601 has a unit"},
        {"PT1Y", "has 'Y' where ISO 8601 has a unit"},
        {"P0001-02-03", "has '-02-03' where ISO 8601 has a unit"},
        {"P1Y 2M", "has ' 2M' where a number should be"},
        {"1 year'; DROP TABLE", "goes on with ''; DROP TABLE' after a unit"},
        {"1 year; DROP TABLE", "goes on with '; DROP TABLE' after a unit"},
        {"1 year -- x", "is negative"},
        {"1001 years", "is longer than 1000 years"},
        {"999 years 400 days", "is longer than 1000 years"},
        {"2147483648 days", "is longer than 1000 years"},
        {"9223372036854775807 us", "is longer than 1000 years"},
        {"18446744073709551616 us", "is longer than 1000 years"},
        {"P99999999999Y", "is longer than 1000 years"},
    };
    for (const auto& [text, what_is_wrong] : cases) {
        SCOPED_TRACE(text);
        const auto parsed = parse_retention(text);
        const auto* mistake = std::get_if<std::string>(&parsed);
        if (mistake == nullptr)
            ADD_FAILURE() << "was read as " << std::get<retention>(parsed).interval;
        else
            EXPECT_EQ(*mistake, fmt::format("'{}' {}; write for example '1 year', '90 days' or 'P1Y2M'", text,
                                            what_is_wrong));
    }
}

TEST(retention, is_not_shown_in_its_refusal_where_it_may_be_a_secret) {
    const auto parsed = parse_retention("1 year\n\x1b[31m\xff" + std::string(1000, 'x'));

    const auto& mistake = std::get<std::string>(parsed);
    EXPECT_THAT(mistake, HasSubstr("it is not a period"));
    EXPECT_THAT(mistake, testing::Not(testing::HasSubstr("\n")));
    EXPECT_LT(mistake.size(), 300U);
}

} // namespace
} // namespace archive
