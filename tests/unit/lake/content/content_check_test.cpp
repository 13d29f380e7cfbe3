#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "lake/content/content_check.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <span>

namespace lake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string header = "id,created_at,payload\n";
const expected_file checked_for{
    day::from_text("2024-02-29").value(), header, 0, "created_at", {{"id", "integer"}}};

struct check_outcome {
    std::vector<std::string> rows;
    std::string gathered;
    std::string mistake;
    std::uint64_t crlf_lines = 0;
    bool ends_with_newline = false;
};

check_outcome check(std::string_view text, std::size_t piece) {
    check_outcome result;
    const auto take = [&](std::string_view row) { result.rows.emplace_back(row); };
    content_check seen("a.csv", false, checked_for, take, csv::no_row_limit);
    seen.gather_lines();
    try {
        for (std::size_t begin = 0; begin < text.size(); begin += piece) {
            const std::string part(text.substr(begin, piece));
            seen.feed(std::as_bytes(std::span(part)));
            result.gathered += seen.take_lines();
        }
        seen.finish();
        result.gathered += seen.take_lines();
    } catch (const async::error& failed) {
        result.mistake = failed.message();
    }
    EXPECT_TRUE(!result.mistake.empty() || seen.crc() == azure::crc64(0, std::as_bytes(std::span(text))));
    EXPECT_TRUE(!result.mistake.empty() || seen.lines() == result.rows.size() + (text.empty() ? 0 : 1));
    result.crlf_lines = seen.crlf_lines();
    result.ends_with_newline = seen.ends_with_newline();
    return result;
}

TEST(content_check, gives_each_row_the_end_that_copy_gives_it_wherever_the_bytes_are_cut) {
    const std::string mark = "\xEF\xBB\xBF";
    for (const std::size_t piece : {1U, 7U, 1'000U}) {
        const auto plain = check(header + "1,2024-02-29 00:00:00,b\n2,2024-02-29 23:59:59.9,d", piece);
        EXPECT_THAT(plain.rows, ElementsAre("1,2024-02-29 00:00:00,b\n", "2,2024-02-29 23:59:59.9,d"));
        EXPECT_EQ(plain.gathered, header + "1,2024-02-29 00:00:00,b\n2,2024-02-29 23:59:59.9,d");
        EXPECT_EQ(plain.crlf_lines, 0U);
        EXPECT_FALSE(plain.ends_with_newline);

        const auto windows = check(
            mark + "id,created_at,payload\r\n1,2024-02-29 00:00:00,\"b\r\nc\"\r\n2,2024-02-29 00:00:01,\n",
            piece);
        EXPECT_EQ(windows.mistake, "");
        EXPECT_THAT(windows.rows,
                    ElementsAre("1,2024-02-29 00:00:00,\"b\r\nc\"\n", "2,2024-02-29 00:00:01,\n"));
        EXPECT_EQ(windows.gathered,
                  mark + header + "1,2024-02-29 00:00:00,\"b\r\nc\"\n2,2024-02-29 00:00:01,\n");
        EXPECT_EQ(windows.crlf_lines, 2U);
        EXPECT_TRUE(windows.ends_with_newline);
    }
    EXPECT_EQ(check("", 1).mistake, "");
}

TEST(content_check, names_the_file_and_what_is_wrong_with_it) {
    EXPECT_THAT(check("id,other\n", 100).mistake,
                HasSubstr("'a.csv' cannot be appended to: it lacks the columns"));
    EXPECT_THAT(check("\x1f\x8b\x08", 100).mistake, HasSubstr("compressed with gzip"));
    EXPECT_THAT(check(header + "1,a\"\n", 100).mistake,
                HasSubstr("a quote inside an unquoted field, in row 2"));
    EXPECT_THAT(check(header + "1,a\r2\n", 100).mistake, HasSubstr("a carriage return outside quotes"));
    EXPECT_THAT(check(header + "1,\"a\n", 100).mistake, HasSubstr("inside quotes"));
}

TEST(content_check, refuses_each_row_that_does_not_belong_and_says_where) {
    const std::string good = "1,2024-02-29 10:00:00,a\n"; // 24 bytes behind a header of 22
    const std::pair<std::string, const char*> cases[] = {
        {"2,2024-02-29 10:00:00\n", "a row of 2 fields where the header has 3, in row 3, at byte 46"},
        {"2,2024-02-29 10:00:00,a,\n", "a row of 4 fields where the header has 3, in row 3, at byte 46"},
        {"\n", "a row of 1 fields where the header has 3"},
        {"2,2024-03-01 10:00:00,a\n", "its time is not of this day, in row 3, at byte 46"},
        {"2,45292.5,a\n", "its time is not as PostgreSQL writes it"},
        {"2,2024-02-29T10:00:00,a\n", "its time is not as PostgreSQL writes it"},
        {"2,,a\n", "its time is not as PostgreSQL writes it"},
        {"two,2024-02-29 10:00:00,a\n", "its key 'id' is not of type integer as PostgreSQL writes it"},
        {"2147483648,2024-02-29 10:00:00,a\n", "its key 'id' is not of type integer"},
        {",2024-02-29 10:00:00,a\n", "its key 'id' is NULL"},
        {"\"\",2024-02-29 10:00:00,a\n", "its key 'id' is not of type integer"},
        {header, "its key 'id' is not of type integer"},
        {"2,2024-02-29 10:00:00,caf\xe9\n", "a byte that is not UTF-8, in row 3, at byte 71"},
        {std::string("2,2024-02-29 10:00:00,\0\n", 24), "a zero byte, in row 3, at byte 68"},
        {"2,2024-02-29 10:00:00", "a row of 2 fields"},
    };
    for (const auto& [row, wrong] : cases)
        for (const std::size_t piece : {1U, 1'000U}) {
            SCOPED_TRACE(row);
            EXPECT_THAT(check(header + good + row, piece).mistake,
                        HasSubstr(std::string("'a.csv' cannot be appended to: it is not well-formed CSV: ")));
            EXPECT_THAT(check(header + good + row, piece).mistake, HasSubstr(wrong));
        }
    EXPECT_EQ(check(header + good + "\"2\",\"2024-02-29 10:00:00\",\"caf\xc3\xa9\"", 5).mistake, "");
}

} // namespace
} // namespace lake
