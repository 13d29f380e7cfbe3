#include "archive/plan/plan.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace archive {
namespace {

using Counts = std::vector<std::uint64_t>;

// Days from 2024-02-27 on, one for each count.
std::vector<planned_day> days_with(const Counts& counts) {
    std::vector<planned_day> days;
    auto number = lake::day::from_text("2024-02-27")->number();
    for (const auto rows : counts)
        days.push_back({*lake::day::from_number(number++), rows});
    return days;
}

Counts counts_of(const plan& chosen) {
    Counts counts;
    for (const auto& planned : chosen.days)
        counts.push_back(planned.rows);
    return counts;
}

constexpr auto cutoff_of_plans = "2024-03-02 10:00:00";

TEST(limit_days, takes_the_oldest_days_that_fit) {
    using optional = std::optional<std::uint64_t>;
    const struct {
        const char* context;
        Counts counts;
        optional days_max;
        optional rows_max;
        commit_unit commit;
        std::uint64_t days_done;
        Counts taken;
        std::string_view upper;
    } cases[] = {
        {"no limits", {5, 5, 5}, {}, {}, commit_unit::run, 0, {5, 5, 5}, cutoff_of_plans},
        {"nothing due", {}, 3, 10, commit_unit::day, 0, {}, cutoff_of_plans},
        {"fewer days than allowed", {5, 5}, 3, {}, commit_unit::run, 0, {5, 5}, cutoff_of_plans},
        {"as many days as allowed", {5, 5, 5}, 3, {}, commit_unit::run, 0, {5, 5, 5}, cutoff_of_plans},
        {"more days than allowed", {5, 5, 5}, 2, {}, commit_unit::run, 0, {5, 5}, "2024-02-29 00:00:00"},
        {"some days done already", {5, 5, 5}, 3, {}, commit_unit::run, 2, {5}, "2024-02-28 00:00:00"},
        {"all days done already", {5, 5}, 3, {}, commit_unit::run, 3, {}, "2024-02-27 00:00:00"},
        {"more than all days done", {5, 5}, 3, {}, commit_unit::run, 9, {}, "2024-02-27 00:00:00"},
        {"rows up to the limit", {5, 5, 5}, {}, 10, commit_unit::run, 0, {5, 5}, "2024-02-29 00:00:00"},
        {"rows just over the limit", {5, 5, 5}, {}, 9, commit_unit::run, 0, {5}, "2024-02-28 00:00:00"},
        {"all rows under the limit", {5, 5}, {}, 10, commit_unit::run, 0, {5, 5}, cutoff_of_plans},
        {"a first day over the limit is taken whole",
         {50, 1},
         {},
         9,
         commit_unit::run,
         0,
         {50},
         "2024-02-28 00:00:00"},
        {"a large day ends it, though a later one would fit",
         {5, 50, 1},
         {},
         9,
         commit_unit::run,
         0,
         {5},
         "2024-02-28 00:00:00"},
        {"the nearer of both limits: rows", {5, 5, 5}, 3, 5, commit_unit::run, 0, {5}, "2024-02-28 00:00:00"},
        {"the nearer of both limits: days",
         {5, 5, 5},
         1,
         99,
         commit_unit::run,
         0,
         {5},
         "2024-02-28 00:00:00"},
        {"a day at a time", {5, 5, 5}, {}, {}, commit_unit::day, 7, {5}, "2024-02-28 00:00:00"},
        {"the last of a day at a time", {5}, {}, {}, commit_unit::day, 7, {5}, cutoff_of_plans},
        {"a day at a time, all days done", {5, 5}, 2, {}, commit_unit::day, 2, {}, "2024-02-27 00:00:00"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.context);
        settings limits;
        limits.days_max = row.days_max;
        limits.rows_max = row.rows_max;
        limits.commit = row.commit;
        selection rows;
        rows.upper = cutoff_of_plans;
        rows.shard = {1, 2};

        const auto chosen =
            limit_days(reading::by_page_range, rows, days_with(row.counts), limits, {row.days_done, 0});

        EXPECT_EQ(counts_of(chosen), row.taken);
        EXPECT_EQ(chosen.rows.upper, row.upper);
        EXPECT_EQ(chosen.rows.shard.count, 2U);
        EXPECT_EQ(chosen.how, reading::by_page_range);
    }
}

TEST(choose_reading, goes_by_day_only_with_an_index) {
    table_description table;
    EXPECT_EQ(choose_reading(table), reading::by_page_range);
    table.indexed_by_time = true;
    EXPECT_EQ(choose_reading(table), reading::by_day);
}

TEST(limit_days, counts_the_rows_of_earlier_transactions_too) {
    settings limits;
    limits.commit = commit_unit::day;
    limits.rows_max = 12;
    selection rows;
    rows.upper = cutoff_of_plans;

    const auto second = limit_days(reading::by_day, rows, days_with({5, 5}), limits, {1, 5});
    const auto third = limit_days(reading::by_day, rows, days_with({5}), limits, {2, 10});

    EXPECT_EQ(counts_of(second), (Counts{5}));
    EXPECT_EQ(counts_of(third), Counts{});
}

} // namespace
} // namespace archive
