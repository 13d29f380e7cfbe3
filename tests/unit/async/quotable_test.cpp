#include "async/quotable.hpp"

#include <gtest/gtest.h>

namespace async {
namespace {

TEST(may_quote, is_for_what_can_be_no_secret) {
    for (const auto* const text :
         {"", "soon", "3/3", "-1", "public.\"Event\"", "1 yaer", "0.5", "Not_Valid", "2024-02-30", "a,b",
          "/nonexistent/secret", "01:00:00", "@ 1 year", "1 year; now"})
        EXPECT_TRUE(may_quote(text)) << text;
    for (const auto* const text :
         {"postgresql://u:pw@h/d", "host=db password=x", "AccountKey=abc",
          "Y2FuYXJ5LWtleS03Nw==", "?sv=1&sig=x", "p@ssw0rd", "s3cret&more", "a:b", "10%", "//host", "caf\xe9",
          "two\nlines", "#1", "0123456789012345678901234567890"})
        EXPECT_FALSE(may_quote(text)) << text;
}

TEST(quoted, says_something_in_any_case) {
    EXPECT_EQ(quoted("soon"), "'soon'");
    EXPECT_EQ(quoted("AccountKey=abc"), "what was given");
}

} // namespace
} // namespace async
