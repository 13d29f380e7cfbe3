#include "async/error.hpp"
#include "azure/blob/request.hpp"
#include "azure/blob/tags.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace azure {
namespace {

using testing::HasSubstr;

TEST(tags, have_limits) {
    struct row {
        tag_set tags;
        std::string word;
    };
    tag_set eleven;
    for (const char letter : std::string_view("abcdefghijk"))
        eleven.emplace(std::string(1, letter), "");
    const row rows[] = {
        {eleven, "at most 10 tags, these are 11"},
        {{{"", "v"}}, "1 to 128"},
        {{{std::string(129, 'k'), "v"}}, "1 to 128"},
        {{{"k", std::string(257, 'v')}}, "'k' has more than 256"},
        {{{"k&", "v"}}, "tag what was given has a character"},
        {{{"k", "v,"}}, "tag 'k' has a character"},
        {{{"k", "\xC3\xBC"}}, "tag 'k' has a character"},
    };
    for (const auto& row : rows)
        EXPECT_THAT(tags_mistake(row.tags), HasSubstr(row.word));
    EXPECT_EQ(tags_mistake({}), "");
    EXPECT_EQ(tags_mistake({{std::string(128, 'k'), std::string(256, 'v')}, {"a Z9+-.:=_/", ""}}), "");
}

TEST(tags, are_encoded_in_the_header) {
    request what;
    content_headers content;
    content.tags = {{"team", "a + b"}, {"kind", "c/d:e=f"}, {"empty", ""}};
    content.access_tier = "Cool";
    content.encryption_scope = "ours";
    set_content(what, content);
    EXPECT_EQ(what.headers.at("x-ms-tags"), "empty=&kind=c%2Fd%3Ae%3Df&team=a%20%2B%20b");
    EXPECT_EQ(what.headers.at("x-ms-access-tier"), "Cool");
    EXPECT_EQ(what.headers.at("x-ms-encryption-scope"), "ours");
    request bare;
    set_content(bare, {});
    EXPECT_TRUE(bare.headers.empty());
}

TEST(tags, are_read_or_refused_whole) {
    const std::string document =
        "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><Tags><TagSet><Tag><Key>a b"
        "</Key><Value>1 &amp; 2</Value></Tag><Tag><Key>c</Key><Value/></Tag></TagSet></Tags>";
    EXPECT_EQ(parse_tags(document), (tag_set{{"a b", "1 & 2"}, {"c", ""}}));
    EXPECT_TRUE(parse_tags("<Tags><TagSet/></Tags>").empty());
    for (std::size_t size = 0; size < document.size(); ++size)
        EXPECT_THROW((void)parse_tags(document.substr(0, size)), async::error) << size;
    EXPECT_THROW((void)parse_tags("<Tags><TagSet><Tag><Value>1</Value></Tag></TagSet></Tags>"), async::error);
}

TEST(tags, of_others_stay_beside_ours) {
    EXPECT_EQ(merged({{"owner", "them"}, {"team", "theirs"}}, {{"team", "ours"}, {"kind", "x"}}),
              (tag_set{{"owner", "them"}, {"team", "ours"}, {"kind", "x"}}));
    tag_set nine;
    for (const char letter : std::string_view("abcdefghi"))
        nine.emplace(std::string(1, letter), "theirs");
    const auto all = merged(nine, {{"c", "ours"}, {"x", "1"}, {"y", "2"}});
    EXPECT_EQ(all.size(), tags_max);
    EXPECT_TRUE(all.contains("x"));
    EXPECT_EQ(all.at("c"), "ours") << "what takes no place of its own";
}

} // namespace
} // namespace azure
