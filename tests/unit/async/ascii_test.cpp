#include "async/ascii.hpp"

#include <gtest/gtest.h>

namespace async {
namespace {

TEST(lowercase, changes_ascii_letters_alone) { EXPECT_EQ(lowercase("AzZ-09\xc4"), "azz-09\xc4"); }

TEST(uppercase, changes_ascii_letters_alone) { EXPECT_EQ(uppercase("aZz-09\xe4"), "AZZ-09\xe4"); }

TEST(equal_ignoring_case, compares_whole_texts) {
    EXPECT_TRUE(equal_ignoring_case("LocalHost", "lOCALhOST"));
    EXPECT_FALSE(equal_ignoring_case("local", "localhost"));
    EXPECT_FALSE(equal_ignoring_case("@", "`")) << "they differ by the same bit as letters";
}

TEST(split, gives_one_part_more_than_there_are_separators) {
    using parts = std::vector<std::string_view>;
    EXPECT_EQ(split("a,b", ','), (parts{"a", "b"}));
    EXPECT_EQ(split(",a,", ','), (parts{"", "a", ""}));
    EXPECT_EQ(split("", ','), (parts{""}));
}

TEST(trimmed, takes_off_white_space_at_both_ends) {
    EXPECT_EQ(trimmed(" \ta b\r\n"), "a b");
    EXPECT_EQ(trimmed(" \n"), "");
}

} // namespace
} // namespace async
