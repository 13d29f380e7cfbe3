#include "archive/table/folder_mistakes.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

table_description table_with(std::string key_type) {
    table_description table;
    table.types = 5;
    table.identity = 7;
    table.keys.push_back({"id", "id", std::move(key_type), 0});
    return table;
}

lake::file_record record_of(std::uint64_t types, std::uint64_t identity, std::uint64_t rows = 3) {
    lake::file_record record;
    record.types = types;
    record.identity = identity;
    record.rows = rows;
    return record;
}

TEST(choose_look, looks_only_where_day_or_key_may_be_told_otherwise) {
    const auto table = table_with("integer");
    EXPECT_EQ(choose_look(record_of(5, 7), table), moved_look::none);
    EXPECT_EQ(choose_look(record_of(4, 7), table), moved_look::none) << "another column's type";
    EXPECT_EQ(choose_look(record_of(5, 6), table), moved_look::none) << "another key is set";
    EXPECT_EQ(choose_look(record_of(4, 6), table), moved_look::by_key);
    EXPECT_EQ(choose_look(record_of(4, 6, 0), table), moved_look::none);
    EXPECT_EQ(choose_look(record_of(4, 0), table), moved_look::by_key) << "not recorded";
    EXPECT_EQ(choose_look(record_of(0, 0), table), moved_look::by_key) << "0.1.0";
}

TEST(choose_look, does_not_trust_a_key_whose_text_may_be_another) {
    for (const auto* type : {"timestamp with time zone", "text", "character", "date"}) {
        EXPECT_EQ(choose_look(record_of(4, 6), table_with(type)), moved_look::impossible) << type;
        EXPECT_EQ(choose_look(record_of(4, 0), table_with(type)), moved_look::by_key) << type;
    }
}

TEST(is_near, is_within_two_days) {
    const auto at = [](int day) { return lake::day::from_number(day).value(); };
    const std::set<lake::day> due{at(10), at(20)};
    EXPECT_TRUE(is_near(at(8), due) && is_near(at(10), due) && is_near(at(22), due));
    EXPECT_FALSE(is_near(at(7), due) || is_near(at(15), due) || is_near(at(23), due));
    EXPECT_FALSE(is_near(at(10), {}));
}

lake::listed_file file_of(int day, lake::file_record now) {
    lake::listed_file file;
    const auto which = lake::day::from_number(day).value();
    file.properties.name = which.file_name();
    file.mark.mark.emplace();
    file.mark.mark->now = std::move(now);
    return file;
}

TEST(folder_mistakes, names_each_file_once_for_each_reason) {
    auto table = table_with("text");
    table.columns = {"id", "created_at", "processed_at"};
    const auto at = [](int day) { return lake::file_key{lake::day::from_number(day).value()}; };
    lake::file_map files;
    files.emplace(at(1), file_of(1, record_of(5, 7)));
    files.emplace(at(2), file_of(2, record_of(4, 6)));
    auto by_another_column = file_of(3, record_of(5, 7));
    by_another_column.mark.mark->now.time_column = "processed_at";
    files.emplace(at(3), std::move(by_another_column));
    auto spoiled = file_of(4, record_of(5, 7));
    spoiled.mark.mark.reset();
    spoiled.mark.mistake = "its metadata cannot be read";
    files.emplace(at(4), std::move(spoiled));
    const std::set<lake::day> due{at(3).which};
    const auto mistakes = folder_mistakes(files, table, "created_at", due);
    ASSERT_EQ(mistakes.size(), 3U);
    EXPECT_EQ(mistakes[0].kind(), async::failure::integrity) << "the type of its key has changed";
    EXPECT_EQ(mistakes[1].kind(), async::failure::precondition) << "another time column";
    EXPECT_EQ(mistakes[2].kind(), async::failure::precondition) << "a spoiled mark";
    EXPECT_EQ(folder_mistakes(files, table, "created_at", {}).size(), 2U) << "nothing is due near day 2";
    table.columns = {"id", "created_at"};
    EXPECT_EQ(folder_mistakes(files, table, "created_at", {}).size(), 1U) << "the column was renamed";
}

TEST(columns_mistake, is_of_files_with_our_mark_and_another_header) {
    auto file = file_of(1, record_of(5, 7));
    file.mark.mark->now.header = 9;
    EXPECT_FALSE(columns_mistake(file, 9));
    EXPECT_TRUE(columns_mistake(file, 8));
    file.mark.mark.reset();
    EXPECT_FALSE(columns_mistake(file, 8));
}

} // namespace
} // namespace archive
