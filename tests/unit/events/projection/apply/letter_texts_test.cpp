#include "events/projection/apply/letter_texts.hpp"

#include <gtest/gtest.h>

namespace events {
namespace {

event some_event(std::optional<std::string> key) {
    return {std::move(key), {{"who", "\xC3\xA4"}, {"cup", "\xF0\x9F\x8D\xB5"}}, "1"};
}

TEST(letter_texts, stand_as_they_are_in_a_database_of_utf8) {
    const auto texts = texts_of(some_event("k"), "no");
    EXPECT_EQ(texts.key, "k");
    EXPECT_EQ(texts.headers, "{\"cup\":\"\xF0\x9F\x8D\xB5\",\"who\":\"\xC3\xA4\"}");
    EXPECT_FALSE(is_ascii(texts));
    EXPECT_TRUE(is_ascii(texts_of({"k", {{"who", "a"}}, "1"}, "no")));
    EXPECT_FALSE(is_ascii(texts_of({std::nullopt, {}, "1"}, "\xC3\xA4")));
}

TEST(letter_texts, are_of_ascii_alone_in_any_other_database) {
    const auto texts = ascii_texts_of(some_event("\xE6\x97\xA5k"), "not \xC3\xA4");
    EXPECT_TRUE(is_ascii(texts));
    EXPECT_EQ(texts.key, "?k");
    EXPECT_EQ(texts.reason, "not ?");
    EXPECT_EQ(texts.headers, R"({"cup":"\ud83c\udf75","event-archiver-key":"\u65e5k","who":"\u00e4"})");
    EXPECT_EQ(ascii_texts_of(some_event("k"), "").headers, R"({"cup":"\ud83c\udf75","who":"\u00e4"})");
}

TEST(letter_texts, give_the_key_back) {
    event read{"?k", {{"a", "b"}, {"event-archiver-key", "\xE6\x97\xA5k"}}, "1"};
    take_key_from_headers(read);
    EXPECT_EQ(read, (event{"\xE6\x97\xA5k", {{"a", "b"}}, "1"}));
    event plain{"k", {{"a", "b"}}, "1"};
    take_key_from_headers(plain);
    EXPECT_EQ(plain, (event{"k", {{"a", "b"}}, "1"}));
    for (const auto& key : {std::optional<std::string>(), std::optional<std::string>("right")})
        for (const std::string value : {"other", "right", "æ¥k"}) {
            event foreign{key, {{"event-archiver-key", value}}, "1"};
            take_key_from_headers(foreign);
            EXPECT_EQ(foreign, (event{key, {{"event-archiver-key", value}}, "1"}));
        }
}

} // namespace
} // namespace events
