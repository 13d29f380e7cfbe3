#include "archive/run/moved_rows.hpp"

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

} // namespace
} // namespace archive
