#include "async/uuid_text.hpp"

#include <gtest/gtest.h>

namespace async {
namespace {

TEST(uuid_text, has_hyphens_where_they_belong_and_hexadecimal_digits) {
    EXPECT_TRUE(is_uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"));
    EXPECT_TRUE(is_uuid("6BA7B810-9DAD-11D1-80B4-00C04FD430C8"));
    for (const auto* text : {"", "6ba7b8109dad11d180b400c04fd430c8", "6ba7b810-9dad-11d1-80b4-00c04fd430cg",
                             "6ba7b810-9dad-11d1-80b4-00c04fd430c", "{6ba7b810-9dad-11d1-80b4-00c04fd430c8}",
                             "6ba7b8109-dad-11d1-80b4-00c04fd430c8"})
        EXPECT_FALSE(is_uuid(text)) << text;
}

} // namespace
} // namespace async
