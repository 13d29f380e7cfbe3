#include "csv/dialect.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <stdexcept>

namespace csv {
namespace {

using testing::ElementsAre;

// The expected lines were written by COPY … (FORMAT csv, HEADER) of PostgreSQL 15.
TEST(header_line, quotes_names_as_copy_does) {
    EXPECT_EQ(header_line({"id", "event_id", "payload"}), "id,event_id,payload\n");
    EXPECT_EQ(header_line({"a,b", "a\"b", "id", " x ", "\\."}), "\"a,b\",\"a\"\"b\",id, x ,\\.\n");
    EXPECT_EQ(header_line({"\\."}), "\"\\.\"\n");
    EXPECT_EQ(header_line({"a\nb", "a\rb"}), "\"a\nb\",\"a\rb\"\n");
}

TEST(split_row, unquotes_each_field) {
    EXPECT_THAT(split_row("1,a,\"b,c\",\"d\"\"e\",\"f\ng\"\n"), ElementsAre("1", "a", "b,c", "d\"e", "f\ng"));
    EXPECT_THAT(split_row("1,a"), ElementsAre("1", "a"));
    EXPECT_THAT(split_row(",,\"\"\n"), ElementsAre("", "", ""));
    EXPECT_THAT(split_row("\n"), ElementsAre(""));
    EXPECT_THAT(split_row(""), ElementsAre(""));
    EXPECT_THAT(split_row("a,"), ElementsAre("a", ""));
}

TEST(split_row, is_undone_by_header_line) {
    const std::vector<std::string> names{"", "a", "b,c", "\"", "d\"\"e", "f\ng", " ", "\r\n"};

    EXPECT_EQ(split_row(header_line(names)), names);
}

TEST(split_row, says_what_is_not_of_the_dialect) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"1,a\"b", "a quote inside an unquoted field, at byte 3 of the row"},
        {"1,\"a\"b", "something other than a comma or a newline after a closing quote, at byte 5 of the row"},
        {"1,\"a", "a quoted field without its closing quote, at byte 2 of the row"},
        {"1,a\r\n", "a line that ends in CRLF where COPY ends it in LF, at byte 3 of the row"},
        {"1,a\rb\n", "a carriage return outside quotes, at byte 3 of the row"},
        {"1\n2\n", "a newline outside quotes, at byte 1 of the row"},
    };
    for (const auto& [row, mistake] : cases) {
        SCOPED_TRACE(row);
        try {
            (void)split_row(row);
            ADD_FAILURE() << "was accepted";
        } catch (const std::invalid_argument& problem) {
            EXPECT_EQ(problem.what(), mistake);
        }
    }
}

TEST(header_mistake, names_the_difference_a_person_would_look_for) {
    const std::string expected = "id,event_id,payload\n";
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"id,event_id,payload\n", ""},
        {"", "it is empty"},
        {"\xEF\xBB\xBFid,event_id,payload\n", ""}, // COPY skips it with the header
        {"\xEF\xBB\xBFid,event_id\n", "it lacks the column 'payload'"},
        {"id,event_id,payload\r\n", "it ends in CRLF instead of LF"},
        {"id,event_id,payload\r", "it ends in CR instead of LF"},
        {"id,event_id,payload", "it has no newline at its end"},
        {"id;event_id;payload\n", "it separates the columns by semicolons instead of commas"},
        {"id\tevent_id\tpayload\r\n", "it separates the columns by tabs instead of commas"},
        {"event_id,id,payload\n", "its columns are in another order"},
        {"id,payload\n", "it lacks the column 'event_id'"},
        {"payload\n", "it lacks the columns 'id', 'event_id'"},
        {"id,event_id,payload,secret\n", "it has 4 columns instead of 3"},
        {"id,event_id,payload,id\n", "it has 4 columns instead of 3"},
        {"\"id\",\"event_id\",\"payload\"\n", "it quotes names that COPY does not quote"},
        {"17,4711,\"{\"\"secret\"\": 1}\"\n", "it is not a header: it names none of the expected columns"},
        {"\n", "it is not a header: it names none of the expected columns"},
        {"id,\"event_id,payload\n",
         "it is not the CSV that COPY writes: a quoted field without its closing quote, "
         "at byte 3 of the row"},
    };
    for (const auto& [actual, mistake] : cases) {
        SCOPED_TRACE(actual);
        EXPECT_EQ(header_mistake(actual, expected), mistake);
    }
}

} // namespace
} // namespace csv
