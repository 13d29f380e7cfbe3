#include "app/text/utf8.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(valid_utf8, leaves_well_formed_text_as_it_is) {
    for (const std::string_view text :
         {"", "plain", "Grüße", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
          "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "😀"})
        EXPECT_EQ(valid_utf8(text), text);
    const std::string nul("a\0b", 3);
    EXPECT_EQ(valid_utf8(nul), nul);
}

TEST(valid_utf8, replaces_each_byte_that_belongs_to_nothing) {
    const struct {
        const char* context;
        std::string_view text;
        int replaced;
    } cases[] = {
        {"a lone continuation", "\x80", 1},
        {"a byte that never occurs", "\xff", 1},
        {"a sequence cut off", "\xc3", 1},
        {"a longer one cut off", "\xf0\x9f\x98", 3},
        {"an overlong slash", "\xc0\xaf", 2},
        {"an overlong form of three", "\xe0\x9f\xbf", 3},
        {"an overlong form of four", "\xf0\x8f\xbf\xbf", 4},
        {"a surrogate", "\xed\xa0\x80", 3},
        {"beyond the last code point", "\xf4\x90\x80\x80", 4},
        {"a lead that never occurs", "\xf5\x80\x80\x80", 4},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.context);
        std::string expected = "<";
        for (int i = 0; i < row.replaced; ++i)
            expected += "\xef\xbf\xbd";
        EXPECT_EQ(valid_utf8("<" + std::string(row.text) + ">"), expected + ">");
    }
}

TEST(valid_utf8, is_content_with_its_own_result) {
    for (int first = 0; first < 256; ++first)
        for (int second = 0; second < 256; ++second) {
            const std::string text{'a', static_cast<char>(first), static_cast<char>(second), 'b'};
            const auto once = valid_utf8(text);
            ASSERT_EQ(valid_utf8(once), once);
            ASSERT_EQ(once.front(), 'a');
            ASSERT_EQ(once.back(), 'b');
        }
}

} // namespace
} // namespace app
