#include "archive/run/archive/deletion_order.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>

namespace archive {
namespace {

lake::day day_at(int number) { return lake::day::from_number(number).value(); }

std::set<lake::day> days_at(std::initializer_list<int> numbers) {
    std::set<lake::day> days;
    for (const auto number : numbers)
        days.insert(day_at(number));
    return days;
}

TEST(choose_order, deletes_beside_reading_only_where_nothing_but_the_rows_can_be_deleted) {
    const struct {
        const char* context;
        std::function<void(deletion_facts&)> change;
        deletion_order chosen;
    } cases[] = {
        {"days by the index", [](auto&) {}, deletion_order::beside_reading},
        {"two days", [](auto& facts) { facts.days = 2; }, deletion_order::beside_reading},
        {"one day", [](auto& facts) { facts.days = 1; }, deletion_order::after_reading},
        {"no day", [](auto& facts) { facts.days = 0; }, deletion_order::after_reading},
        {"one scan", [](auto& facts) { facts.how = reading::by_page_range; }, deletion_order::after_reading},
        {"partitions", [](auto& facts) { facts.partitioned = true; }, deletion_order::after_reading},
        {"row security", [](auto& facts) { facts.compares_rows = true; }, deletion_order::after_reading},
        {"a trigger or a foreign key", [](auto& facts) { facts.triggers = true; },
         deletion_order::after_reading},
        {"a restored file", [](auto& facts) { facts.looks_again = true; }, deletion_order::after_reading},
        {"a rate limit", [](auto& facts) { facts.held_back = true; }, deletion_order::after_reading},
        {"old snapshots are ended", [](auto& facts) { facts.snapshots_age = true; },
         deletion_order::after_reading},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.context);
        deletion_facts facts;
        facts.days = 30;
        each.change(facts);
        EXPECT_EQ(choose_order(facts), each.chosen);
    }
}

lake::listed_file file_with_mark() {
    lake::listed_file file;
    file.properties.name = day_at(100).file_name();
    file.mark.mark.emplace();
    file.mark.mark->now.rows = 3;
    file.mark.mark->now.types = 5;
    file.mark.mark->now.identity = 7;
    return file;
}

TEST(is_asked_about_later, is_true_of_restored_files_and_of_other_types_near_days_that_are_due) {
    table_description table;
    table.types = 5;
    table.identity = 7;
    const auto near = days_at({101});
    auto file = file_with_mark();
    EXPECT_FALSE(is_asked_about_later(file, table, near));
    file.mark.mark->restored.emplace();
    EXPECT_TRUE(is_asked_about_later(file, table, days_at({500}))) << "its rows may have moved anywhere";

    file = file_with_mark();
    table.types = 6;
    table.identity = 8;
    EXPECT_TRUE(is_asked_about_later(file, table, near));
    EXPECT_FALSE(is_asked_about_later(file, table, days_at({500})));
    file.mark.mark.reset();
    EXPECT_FALSE(is_asked_about_later(file, table, near)) << "a file of others";
}

TEST(take_first_span, takes_days_that_follow_each_other) {
    auto read = days_at({7});
    EXPECT_EQ(take_first_span(read), (day_span{day_at(7), day_at(7)}));
    EXPECT_TRUE(read.empty());

    read = days_at({9, -1, 1, 0, 3, 4});
    EXPECT_EQ(take_first_span(read), (day_span{day_at(-1), day_at(1)}));
    EXPECT_EQ(take_first_span(read), (day_span{day_at(3), day_at(4)}));
    EXPECT_EQ(read, days_at({9}));
}

} // namespace
} // namespace archive
