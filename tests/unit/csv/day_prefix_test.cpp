#include "async/error.hpp"
#include "csv/day_prefix.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

// Each line lies in memory of its own, as libpq gives them, and is gone when the next one comes.
std::vector<std::pair<std::optional<std::int32_t>, std::string>>
split_all(const std::vector<std::string>& lines) {
    day_splitter days;
    std::vector<std::pair<std::optional<std::int32_t>, std::string>> found;
    for (const auto& line : lines) {
        const auto copy = std::make_unique<std::string>(line);
        const auto dated = days.split(*copy);
        found.emplace_back(dated.day, dated.row);
        copy->assign(copy->size(), 'x');
    }
    return found;
}

TEST(day_splitter, finds_the_day_of_each_row_whatever_stood_before_it) {
    const std::vector<std::string> cases[] = {
        {"19782,a\n", "19782,b\n", "19782,c\n"},      // a run
        {"19782,a\n", "19783,b\n", "19782,c\n"},      // runs of one row, two days in turn
        {"19782,a\n", "19784,b\n", "19784,c\n"},      // a day on hold lies between
        {"19782,a\n", ",b\n", ",c\n", "19782,d\n"},   // rows of no day between
        {",a\n", "0,b\n", "-1,c\n", "1,d\n", ",e\n"}, // from no day on
        {"1978,a\n", "19782,b\n", "197,c\n", "1978,d\n"},
        {"19782,\n", "19782,19782,\n", "19782,,\n"},
        {"2147483647,a\n", "-2147483648,b\n", "-2147483648,c\n"},
        {"000000000000000000019782,a\n", "000000000000000000019782,b\n", "19782,c\n"},
    };
    for (const auto& lines : cases) {
        SCOPED_TRACE(lines.front());
        const auto found = split_all(lines);
        for (std::size_t index = 0; index < lines.size(); ++index) {
            const auto alone = split_day(lines[index]);
            EXPECT_EQ(found[index].first, alone.day) << index;
            EXPECT_EQ(found[index].second, alone.row) << index;
        }
    }
}

TEST(day_splitter, refuses_a_line_without_day_behind_one_that_has_it) {
    for (const std::string_view line : {"", "\n", "19782", "19782\n", "19782;a\n", "secret,1\n"}) {
        SCOPED_TRACE(line);
        day_splitter days;
        EXPECT_EQ(days.split("19782,a\n").day, 19782);
        EXPECT_THROW((void)days.split(line), async::error);
        EXPECT_EQ(days.split("19783,a\n").day, 19783);
    }
}

} // namespace
} // namespace csv
