#include "archive/stage/held_rows.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

using found = held_rows::found;

TEST(held_rows, tell_a_row_by_its_bytes_and_not_by_its_key) {
    held_rows rows;
    EXPECT_TRUE(rows.empty());
    EXPECT_EQ(rows.take(7, 70), found::none);
    rows.add(7, 70);
    rows.add(8, 80);
    EXPECT_EQ(rows.take(7, 71), found::other_content);
    EXPECT_EQ(rows.take(9, 70), found::none);
    EXPECT_EQ(rows.take(7, 70), found::same);
    EXPECT_EQ(rows.take(8, 80), found::same);
}

// Two in the file stand for two in the table; a third one is new.
TEST(held_rows, are_a_multiset) {
    held_rows rows;
    for (int each = 0; each < 2; ++each)
        rows.add(7, 70);
    rows.add(7, 71);
    EXPECT_EQ(rows.take(7, 70), found::same);
    EXPECT_EQ(rows.take(7, 70), found::same);
    EXPECT_EQ(rows.take(7, 70), found::none);
    EXPECT_EQ(rows.take(7, 71), found::same);
    EXPECT_EQ(rows.take(7, 72), found::other_content);
    rows.clear();
    EXPECT_TRUE(rows.empty());
}

// If each of them were compared with all before it, this would take minutes.
TEST(held_rows, are_taken_one_by_one_although_many_are_equal) {
    constexpr int equal = 200'000;
    held_rows rows;
    for (int each = 0; each < equal; ++each) {
        rows.add(7, 70);
        rows.add(8, 80);
    }
    int taken = 0;
    while (rows.take(7, 70) == found::same)
        ++taken;
    EXPECT_EQ(taken, equal);
    EXPECT_EQ(rows.take(7, 70), found::none);
    EXPECT_EQ(rows.take(8, 80), found::same);
}

} // namespace
} // namespace archive
