#include "lake/content/content_digest.hpp"

#include <gtest/gtest.h>

namespace lake {
namespace {

content_digest of(std::initializer_list<const char*> rows) {
    content_digest digest;
    for (const auto* const row : rows)
        digest.add(row);
    return digest;
}

TEST(content_digest, is_of_the_rows_and_not_of_their_order) {
    EXPECT_EQ(of({"1,a\n", "2,b\n", "3,c"}), of({"3,c\n", "1,a\n", "2,b\n"}));
    EXPECT_NE(of({"1,a\n", "2,b\n"}), of({"1,b\n", "2,a\n"}));
    EXPECT_NE(of({"1,a\n", "1,a\n"}), of({"1,a\n"}));
    EXPECT_NE(of({"1,a\n", "1,a\n"}), of({"2,b\n", "2,b\n"}));
    EXPECT_EQ(of({}), content_digest{});
}

} // namespace
} // namespace lake
