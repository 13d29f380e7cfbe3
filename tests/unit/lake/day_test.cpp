#include "lake/day.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <unordered_set>

namespace lake {
namespace {

TEST(day, is_its_number_and_its_text) {
    const std::pair<std::int32_t, std::string_view> cases[] = {
        {-719162, "0001-01-01"}, {-1, "1969-12-31"},    {0, "1970-01-01"},     {11016, "2000-02-29"},
        {19782, "2024-02-29"},   {19783, "2024-03-01"}, {47541, "2100-03-01"}, {2932896, "9999-12-31"},
    };
    for (const auto& [number, text] : cases) {
        SCOPED_TRACE(text);
        const auto by_number = day::from_number(number);
        ASSERT_TRUE(by_number);
        EXPECT_EQ(by_number->number(), number);
        EXPECT_EQ(by_number->text(), text);
        EXPECT_EQ(day::from_text(text), by_number);
    }
}

TEST(day, ends_where_its_text_would_need_another_form) {
    EXPECT_EQ(day::from_number(-719163), std::nullopt);
    EXPECT_EQ(day::from_number(2932897), std::nullopt);
    // PostgreSQL's infinity and -infinity as a date.
    EXPECT_EQ(day::from_number(2147483647), std::nullopt);
    EXPECT_EQ(day::from_number(-2147483648LL), std::nullopt);
    EXPECT_EQ(day::from_number(std::int64_t{1} << 40), std::nullopt);
}

TEST(day, is_read_from_no_other_text) {
    for (const std::string_view text : {"",
                                        "2024",
                                        "2024-02-30",
                                        "2023-02-29",
                                        "1900-02-29",
                                        "2100-02-29",
                                        "2024-04-31",
                                        "2024-00-10",
                                        "2024-13-01",
                                        "2024-01-00",
                                        "2024-01-32",
                                        "0000-01-01",
                                        "-001-01-01",
                                        "2024-1-1",
                                        "2024-01-1",
                                        "20240101",
                                        "2024/01/01",
                                        " 2024-01-01",
                                        "2024-01-01 ",
                                        "2024-01-01T00:00:00",
                                        "12024-01-01",
                                        "2024-+1-01",
                                        "2024--1-01",
                                        "202x-01-01",
                                        "infinity"}) {
        SCOPED_TRACE(text);
        EXPECT_EQ(day::from_text(text), std::nullopt);
    }
}

TEST(day, comes_back_from_its_text_through_leap_years_and_centuries) {
    for (std::int32_t number = -719162; number <= 2932896; number += 13) {
        const auto original = day::from_number(number);
        ASSERT_TRUE(original);
        ASSERT_EQ(day::from_text(original->text()), original) << original->text();
    }
}

TEST(day, is_ordered_by_time_and_can_be_a_key) {
    const auto earlier = *day::from_text("2023-12-31");
    const auto later = *day::from_text("2024-01-01");

    EXPECT_LT(earlier, later);
    EXPECT_EQ(later.number(), earlier.number() + 1);
    EXPECT_THAT((std::unordered_set{earlier, later, earlier}), testing::SizeIs(2));
}

TEST(key_of_file, reads_what_file_name_writes) {
    const auto leap_day = day::from_text("2024-02-29").value();
    EXPECT_EQ(leap_day.file_name(), "events_2024-02-29.csv");
    EXPECT_EQ(leap_day.file_name(compression::gzip), "events_2024-02-29.csv.gz");
    for (const auto kind : {compression::none, compression::gzip})
        EXPECT_EQ(key_of_file(leap_day.file_name(kind)), (file_key{leap_day, kind}));
}

TEST(key_of_file, leaves_other_files_alone) {
    for (const std::string_view name :
         {"", "events_", ".csv", "events_.csv", "events_2024-02-30.csv", "events_2024-02-29",
          "events_2024-02-29.CSV", "events_2024-02-29.gz", "events_2024-02-29.csv.gz.gz",
          "events_2024-02-29.csv.csv", "Events_2024-02-29.csv", "folder/events_2024-02-29.csv",
          "events_2024-02-29.csv.tmp", "events_2024-02-29 (1).csv", "events2024-02-29.csv"}) {
        SCOPED_TRACE(name);
        EXPECT_EQ(key_of_file(name), std::nullopt);
    }
}

TEST(seconds_after, counts_from_the_days_midnight) {
    const struct {
        std::string_view day;
        std::string_view moment;
        std::int64_t seconds;
    } cases[] = {
        {"2024-01-05", "2024-01-05 00:00:00", 0},
        {"2024-01-05", "2024-01-05 02:03:04.567", 7'384},
        {"2024-02-28", "2024-03-01 00:00:01", 2 * 86'400 + 1},
        {"2024-01-06", "2024-01-05 02:00:00", 0},
        {"2024-01-06", "", 0},
    };
    for (const auto& row : cases)
        EXPECT_EQ(seconds_after(*day::from_text(row.day), row.moment).count(), row.seconds)
            << row.day << " to " << row.moment;
}

} // namespace
} // namespace lake
