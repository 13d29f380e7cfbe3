#include "app/text/printable.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(printable, is_one_line_without_control_characters) {
    EXPECT_EQ(printable("a\x1b[2Jb\nc\x7f"), "a [2Jb c ");
    EXPECT_EQ(printable("\xc2\x9b"), " ") << "CSI above U+007F";
    EXPECT_EQ(printable("Jõgeva"), "Jõgeva");
}

TEST(printable_lines, keeps_lines) { EXPECT_EQ(printable_lines("a\tb\nc\n"), "a b\nc\n"); }

} // namespace
} // namespace app
