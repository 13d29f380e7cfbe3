#include "app/text/wrap.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(wrapped, breaks_between_words_and_leaves_the_last_column_free) {
    EXPECT_EQ(wrapped("one two three", 9, 2), "one two\n  three");
    EXPECT_EQ(wrapped("one two three", 14, 2), "one two three");
    EXPECT_EQ(wrapped("one two three", 13, 2), "one two\n  three");
    EXPECT_EQ(wrapped("", 9, 2), "");
}

TEST(wrapped, knows_where_its_first_line_begins) {
    EXPECT_EQ(wrapped("one two", 12, 4, 6), "one\n    two");
    EXPECT_EQ(wrapped("one two", 80, 4, 6), "one two");
}

TEST(wrapped, never_breaks_a_word) {
    EXPECT_EQ(wrapped("a https://example.com/long b", 8, 1), "a\n https://example.com/long\n b");
}

TEST(wrapped, keeps_the_spaces_of_a_column_within_a_line) { EXPECT_EQ(wrapped("a   b", 80, 0), "a   b"); }

TEST(wrapped, counts_letters_and_not_bytes) {
    EXPECT_EQ(columns_of("Grüße"), 5U);
    EXPECT_EQ(wrapped("äöü äöü", 8, 0), "äöü äöü");
}

TEST(wrapped_lines, breaks_each_line_and_goes_on_further_right) {
    EXPECT_EQ(wrapped_lines("one two three\n\n- four five\n", 9), "one two\n  three\n\n- four\n  five\n");
    EXPECT_EQ(wrapped_lines("    one two", 9), "    one\n      two\n");
    EXPECT_EQ(wrapped_lines("one two\nthree\n", 0), "one two\nthree\n");
}

TEST(wrapped, breaks_nothing_where_there_is_no_width) { EXPECT_EQ(wrapped("a b c", 0, 2), "a b c"); }

} // namespace
} // namespace app
