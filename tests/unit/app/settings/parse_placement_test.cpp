#include "app/settings/parse_placement.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(parse_tier, takes_what_can_be_appended_to) {
    EXPECT_EQ(parse_tier("hot").name, "Hot");
    EXPECT_EQ(parse_tier("cool").name, "Cool");
    EXPECT_EQ(parse_tier("cold").name, "Cold");
    EXPECT_EQ(parse_tier("").name, "");
    EXPECT_EQ(parse_tier("").mistake, "") << "unset: the account's";
    for (const auto* text : {"archive", "Cool", "cool ", "premium"})
        EXPECT_NE(parse_tier(text).mistake, "") << text;
}

TEST(parse_tags, splits_pairs_at_the_first_equals_sign) {
    const auto tags = std::get<0>(parse_tags("team=data,expr=a=b,empty="));
    EXPECT_EQ(tags, (azure::tag_set{{"team", "data"}, {"expr", "a=b"}, {"empty", ""}}));
}

TEST(parse_tags, says_what_is_wrong) {
    const auto mistake = [](std::string_view text) {
        const auto result = parse_tags(text);
        const auto* clause = std::get_if<std::string>(&result);
        return clause == nullptr ? std::string() : *clause;
    };
    EXPECT_EQ(mistake("alone"), "'alone' has no '=': give tags as key=value,key=value");
    EXPECT_EQ(mistake("a=1,,b=2"), "'' has no '=': give tags as key=value,key=value");
    EXPECT_EQ(mistake("a=1,a=2"), "tag 'a' is given twice");
    EXPECT_EQ(mistake("=1"), "a tag's key has 1 to 128 characters");
}

TEST(parse_encryption_scope, takes_a_name) {
    EXPECT_EQ(parse_encryption_scope("of-the-Archive1").name, "of-the-Archive1");
    EXPECT_EQ(parse_encryption_scope("").mistake, "");
    for (const auto* text :
         {"ab", "a b c", "a_b_c", "käse", "0123456789012345678901234567890123456789012345678901234567890123"})
        EXPECT_NE(parse_encryption_scope(text).mistake, "") << text;
}

} // namespace
} // namespace app
