#include "archive/settle/alike_rows.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

TEST(alike_rows, need_one_column_of_the_key_and_all_that_stands_beside_it) {
    const std::vector<wanted_row> rows{{{"a", "20240101"}, 5}, {{"b", "20240101"}, 6}};
    alike_rows wanted(rows);
    EXPECT_FALSE(wanted.take({{"c", "20240105"}, 5}, key_share::a_column)) << "no column";
    EXPECT_FALSE(wanted.take({{"20240101", "a"}, 5}, key_share::a_column)) << "the columns of each other";
    EXPECT_FALSE(wanted.take({{"a", "20240105"}, 6}, key_share::a_column)) << "other content";
    EXPECT_EQ(wanted.take({{"a", "20240105"}, 5}, key_share::a_column), 0U);
    EXPECT_EQ(wanted.take({{"c", "20240101"}, 6}, key_share::a_column), 1U);
}

TEST(alike_rows, may_have_to_share_the_whole_key) {
    const std::vector<wanted_row> rows{{{"tenant", "a"}, 5}};
    alike_rows wanted(rows);
    EXPECT_FALSE(wanted.take({{"tenant", "b"}, 5}, key_share::all_columns));
    EXPECT_EQ(wanted.take({{"tenant", "a"}, 5}, key_share::all_columns), 0U);
}

TEST(alike_rows, need_no_key_where_nothing_of_it_stays) {
    const std::vector<wanted_row> rows{{{}, 5}};
    alike_rows wanted(rows);
    EXPECT_FALSE(wanted.take({{}, 6}, key_share::a_column));
    EXPECT_EQ(wanted.take({{}, 5}, key_share::a_column), 0U);
}

TEST(alike_rows, count_once) {
    const std::vector<wanted_row> rows{{{"a", "1"}, 5}, {{"a", "2"}, 5}};
    alike_rows wanted(rows);
    EXPECT_TRUE(wanted.take({{"a", "7"}, 5}, key_share::a_column));
    EXPECT_TRUE(wanted.take({{"a", "8"}, 5}, key_share::a_column));
    EXPECT_FALSE(wanted.take({{"a", "9"}, 5}, key_share::a_column));
}

} // namespace
} // namespace archive
