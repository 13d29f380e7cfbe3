#include "csv/encoding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace csv {
namespace {

TEST(find_no_text, takes_every_character_of_utf_8) {
    const std::string text = "a\x7f\t\n"
                             "\xc2\x80\xdf\xbf"
                             "\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbb\xbf"
                             "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf";
    for (std::size_t before = 0; before < 40; ++before)
        EXPECT_EQ(find_no_text(std::string(before, 'x') + text + std::string(9, 'y')), std::nullopt);
    EXPECT_EQ(find_no_text(""), std::nullopt);
}

TEST(find_no_text, finds_the_first_byte_that_is_not_text) {
    using namespace std::string_literals;
    for (const auto& bad : {"\0"s, "\x80"s, "\xc0\xaf"s, "\xc1\xbf"s, "\xe0\x9f\xbf"s, "\xed\xa0\x80"s,
                            "\xf0\x8f\xbf\xbf"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xff"s, "\xe9 S"s,
                            "\xc3"s, "\xe2\x82"s, "\xf0\x9f\x98"s})
        for (std::size_t before = 0; before < 40; ++before)
            for (const std::size_t after : {0U, 1U, 15U, 20U})
                EXPECT_EQ(find_no_text(std::string(before, 'x') + bad + std::string(after, 'y')), before)
                    << bad;
}

} // namespace
} // namespace csv
