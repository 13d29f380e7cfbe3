#include "async/error.hpp"
#include "csv/day_prefix.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <limits>

namespace csv {
namespace {

TEST(split_day, strips_the_leading_day_and_leaves_the_row_as_it_is) {
    struct line_case {
        std::string_view line;
        std::optional<std::int32_t> day;
        std::string_view row;
    };
    const line_case cases[] = {
        {"19782,1,\"a,b\"\n", 19782, "1,\"a,b\"\n"},
        {"0,1\n", 0, "1\n"},
        {"-1,1\n", -1, "1\n"},
        {",1,a\n", std::nullopt, "1,a\n"},
        {"19782,\n", 19782, "\n"},
        {",\n", std::nullopt, "\n"},
        {"19782,\"\n\"", 19782, "\"\n\""},
        {"2147483647,1\n", std::numeric_limits<std::int32_t>::max(), "1\n"},
        {"-2147483648,1\n", std::numeric_limits<std::int32_t>::min(), "1\n"},
    };
    for (const auto& [line, day, row] : cases) {
        SCOPED_TRACE(line);
        const auto split = split_day(line);
        EXPECT_EQ(split.day, day);
        EXPECT_EQ(split.row, row);
    }
}

TEST(split_day, throws_an_internal_error_without_the_rows_content_if_there_is_no_day) {
    for (const std::string_view line :
         {"", "\n", "19782", "19782\n", "-,1\n", "+1,1\n", " 1,1\n", "1 ,1\n", "1.5,1\n", "2147483648,1\n",
          "\"1\",1\n", "2024-02-29,1\n", "secret,1\n"}) {
        SCOPED_TRACE(line);
        try {
            (void)split_day(line);
            ADD_FAILURE() << "was accepted";
        } catch (const async::error& problem) {
            EXPECT_EQ(problem.kind(), async::failure::internal);
            EXPECT_STREQ(problem.what(), "a row does not begin with the number of its day");
        }
    }
}

} // namespace
} // namespace csv
