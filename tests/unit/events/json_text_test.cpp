#include "events/json_text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace events {
namespace {

TEST(read_json, knows_one_json_text) {
    for (const auto* text : {"{}", " [1,2] ", "\"x\"", "1", "-0.5e3", "null", "true", "{\"a\":{\"b\":[]}}",
                             "\"\\ud83d\\ude00\""})
        EXPECT_EQ(read_json(text).mistake, "") << text;
    for (const auto* text :
         {"", " ", "1],[2", "{} {}", "{\"a\":1,}", "[1", "nul", "'x'", "\"\xff\"", "01", "\"\n\""})
        EXPECT_NE(read_json(text).mistake, "") << text;
    EXPECT_EQ(read_json("1],[2").offset, 1U);
    EXPECT_EQ(read_json("{\"a\":}").offset, 5U);
    EXPECT_NE(read_json(std::string(1'001, '[') + std::string(1'001, ']')).mistake, "");
    EXPECT_EQ(read_json(std::string(1'000, '[') + std::string(1'000, ']')).mistake, "");
}

TEST(read_json, knows_the_kind_of_the_outermost_value) {
    EXPECT_EQ(read_json("{\"a\":[]}").kind, json_kind::object);
    EXPECT_EQ(read_json("[{}]").kind, json_kind::array);
    EXPECT_EQ(read_json("5").kind, json_kind::other);
}

TEST(read_json, hears_a_member_of_the_outermost_object) {
    const auto member = [](std::string_view text) { return read_json(text, "id").member; };
    EXPECT_EQ(member(R"({"x":1,"id":"a\n\u00e4"})"), "a\n\xC3\xA4");
    EXPECT_EQ(member(R"({"id":-12.50})"), "-12.50");
    EXPECT_EQ(member(R"({"id":7})"), "7");
    EXPECT_EQ(member(R"({"id":true})"), "true");
    EXPECT_EQ(member(R"({"id":"a","id":"b"})"), "b");
    for (const auto* text : {R"({"id":null})", R"({"id":{"id":1}})", R"({"id":["x"]})", R"({"x":{"id":1}})",
                             R"([{"id":1}])", "{}"})
        EXPECT_FALSE(member(text)) << text;
    EXPECT_FALSE(read_json(R"({"":1})").member) << "none is asked for";
}

} // namespace
} // namespace events
