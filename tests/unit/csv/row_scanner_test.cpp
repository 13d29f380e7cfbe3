#include "csv/row_scanner.hpp"
#include "tests/unit/csv/scanned.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>
#include <random>

namespace csv {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

scan_outcome scanned_whole(std::string_view input) {
    return scanned(input, [&] { return input.size(); });
}

TEST(row_scanner, hands_over_each_row_with_its_newline) {
    EXPECT_THAT(scanned_whole("1,a\n2,b\n").rows, ElementsAre("1,a\n", "2,b\n"));
}

TEST(row_scanner, hands_over_a_last_row_without_newline_at_the_end) {
    EXPECT_THAT(scanned_whole("1,a\n2,b").rows, ElementsAre("1,a\n", "2,b"));
}

TEST(row_scanner, takes_nothing_for_no_rows) { EXPECT_THAT(scanned_whole("").rows, IsEmpty()); }

TEST(row_scanner, takes_newlines_commas_and_carriage_returns_inside_quotes_for_content) {
    EXPECT_THAT(scanned_whole("1,\"a\nb\r\n,c\"\n2,\"\"\n").rows,
                ElementsAre("1,\"a\nb\r\n,c\"\n", "2,\"\"\n"));
}

TEST(row_scanner, tells_doubled_quotes_from_closing_ones) {
    EXPECT_THAT(scanned_whole("\"\"\"\n\"\"\",1\n\"{\"\"a\"\": \"\"\n\"\"}\"\n").rows,
                ElementsAre("\"\"\"\n\"\"\",1\n", "\"{\"\"a\"\": \"\"\n\"\"}\"\n"));
}

TEST(row_scanner, gives_a_view_into_the_chunk_if_the_row_lies_in_it) {
    const std::string chunk = "1,a\n2,b\n3";
    std::vector<const char*> places;
    row_scanner scanner([&](std::string_view row) { places.push_back(row.data()); });

    scanner.feed(chunk);

    EXPECT_THAT(places, ElementsAre(chunk.data(), chunk.data() + 4));
}

TEST(row_scanner, counts_rows_and_bytes_and_knows_whether_a_row_is_open) {
    std::vector<std::uint64_t> rows_seen;
    row_scanner scanner([&](std::string_view) { rows_seen.push_back(scanner.rows()); });
    EXPECT_TRUE(scanner.at_row_boundary());

    scanner.feed("1\n2");
    EXPECT_FALSE(scanner.at_row_boundary());
    EXPECT_EQ(scanner.rows(), 1U);
    EXPECT_EQ(scanner.bytes(), 3U);

    scanner.feed("\n");
    EXPECT_TRUE(scanner.at_row_boundary());
    scanner.feed("");
    EXPECT_TRUE(scanner.at_row_boundary());

    scanner.feed("3");
    scanner.finish();
    EXPECT_FALSE(scanner.at_row_boundary()) << "the last byte fed was no newline";
    EXPECT_THAT(rows_seen, ElementsAre(1U, 2U, 3U));
}

TEST(row_scanner, gets_through_a_row_much_larger_than_its_chunks) {
    const auto giant = "1,\"" + std::string(1'000'000, '\n') + "\"\n";

    EXPECT_THAT(scanned(giant + "2\n", [] { return std::size_t{4096}; }).rows, ElementsAre(giant, "2\n"));
}

struct mistake_case {
    std::string_view input;
    std::string_view mistake;
    std::size_t rows_before;
};

TEST(row_scanner, refuses_what_copy_would_not_have_written_and_says_where) {
    const mistake_case cases[] = {
        {"1,a\"b\n", "a quote inside an unquoted field, in row 1, at byte 3", 0},
        {"1\n2,a\"b\"\n", "a quote inside an unquoted field, in row 2, at byte 5", 1},
        {"1, \"b\"\n", "a quote inside an unquoted field, in row 1, at byte 3", 0},
        {"1\n\"b\"c\n",
         "something other than a comma or a newline after a closing quote, in row 2, at byte 5", 1},
        {"\"b\" ,c\n", "something other than a comma or a newline after a closing quote, in row 1, at byte 3",
         0},
        {"1,a\r\n", "a line that ends in CRLF where COPY ends it in LF, in row 1, at byte 3", 0},
        {"1,\"a\"\r\n", "a line that ends in CRLF where COPY ends it in LF, in row 1, at byte 5", 0},
        {"1,a\r2,b\r", "a carriage return outside quotes, in row 1, at byte 3", 0},
        {"1\n2\r", "a carriage return outside quotes, in row 2, at byte 3", 1},
        {"1\n2,\"b\n", "the end of the input inside quotes, in row 2, at byte 7", 1},
        {"\"", "the end of the input inside quotes, in row 1, at byte 1", 0},
    };
    for (const auto& [input, mistake, rows_before] : cases) {
        SCOPED_TRACE(input);
        const auto outcome = scanned_whole(input);
        EXPECT_EQ(outcome.mistake, mistake);
        EXPECT_EQ(outcome.rows.size(), rows_before);
        EXPECT_EQ(outcome, naive_scan(input));
    }
}

// Few characters, so that quotes meet commas and newlines often; long enough to cross blocks of 64.
std::string random_input(std::mt19937& random, bool well_formed) {
    static constexpr std::string_view alphabet = "\"\",,\n\nab\r";
    std::string input;
    const auto length = random() % 400;
    while (input.size() < length) {
        if (!well_formed) {
            input += alphabet[random() % alphabet.size()];
            continue;
        }
        const auto size = random() % (random() % 8 == 0 ? 150 : 6);
        const bool quoted = random() % 2 == 0;
        std::string field;
        while (field.size() < size) {
            const char c = alphabet[random() % alphabet.size()];
            if (quoted)
                field += c == '"' ? "\"\"" : std::string(1, c);
            else
                field += c == 'a' ? 'a' : 'b';
        }
        input += quoted ? '"' + field + '"' : field;
        input += random() % 3 == 0 ? '\n' : ',';
    }
    return input;
}

TEST(row_scanner, agrees_with_the_naive_scanner_on_random_input_cut_anywhere) {
    std::mt19937 random(20240229); // NOLINT: the same input each time
    for (int round = 0; round < 4000; ++round) {
        const auto input = random_input(random, round % 4 != 0);
        SCOPED_TRACE(testing::PrintToString(input));
        const auto expected = naive_scan(input);

        ASSERT_EQ(scanned_whole(input), expected);
        ASSERT_EQ(scanned(input, [] { return std::size_t{1}; }), expected);
        ASSERT_EQ(scanned(input, [&] { return random() % 130; }), expected);
    }
}

TEST(row_scanner, takes_crlf_for_a_line_end_where_it_may) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"1,a\r\n2,\"b\r\n\"\r\n3\n4\r\n", ""},
        {"1,a\r2,b\r\n", "a carriage return outside quotes, in row 1, at byte 3"},
        {"1,\"a\"\rb\n", "a carriage return outside quotes, in row 1, at byte 5"},
        {"1\r\n2\r", "a carriage return outside quotes, in row 2, at byte 4"},
        {"1\r\n2\r\r\n", "a carriage return outside quotes, in row 2, at byte 4"},
        {"1,\"a\"b\r\n",
         "something other than a comma or a newline after a closing quote, in row 1, at byte 5"},
    };
    for (const auto& [input, mistake] : cases) {
        SCOPED_TRACE(testing::PrintToString(input));
        const auto whole = scanned(
            input, [&] { return input.size(); }, line_ends::lf_or_crlf);
        EXPECT_EQ(whole.mistake, mistake);
        EXPECT_EQ(whole, naive_scan(input, true));
        EXPECT_EQ(scanned(
                      input, [] { return std::size_t{1}; }, line_ends::lf_or_crlf),
                  whole);
    }
    EXPECT_TRUE(ends_in_crlf("1\r\n"));
    EXPECT_FALSE(ends_in_crlf("\"1\r\"\n"));
}

TEST(row_scanner, agrees_with_the_naive_scanner_where_rows_may_end_in_crlf) {
    std::mt19937 random(20240301); // NOLINT: the same input each time
    for (int round = 0; round < 4000; ++round) {
        auto input = random_input(random, round % 4 != 0);
        for (auto at = input.find('\n'); at != std::string::npos; at = input.find('\n', at + 2))
            if (random() % 8 != 0)
                input.insert(at, 1, '\r');
        SCOPED_TRACE(testing::PrintToString(input));
        const auto expected = naive_scan(input, true);

        ASSERT_EQ(scanned(
                      input, [&] { return input.size(); }, line_ends::lf_or_crlf),
                  expected);
        ASSERT_EQ(scanned(
                      input, [] { return std::size_t{1}; }, line_ends::lf_or_crlf),
                  expected);
        ASSERT_EQ(scanned(
                      input, [&] { return random() % 130; }, line_ends::lf_or_crlf),
                  expected);
    }
}

TEST(first_field, is_the_unquoted_text_up_to_the_first_comma) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"17,a\n", "17"},   {"17\n", "17"},         {"17", "17"},           {",a\n", ""},
        {"", ""},           {"\"\",a\n", ""},       {"\"a,b\",c\n", "a,b"}, {"\"a\"\"b\",c\n", "a\"b"},
        {"\"\"\"\"", "\""}, {"\"a\nb\"\n", "a\nb"},
    };
    for (const auto& [row, key] : cases) {
        SCOPED_TRACE(row);
        std::string storage;
        EXPECT_EQ(first_field(row, storage), key);
    }
}

// "rows, then what ended it": in pieces of `piece` bytes.
std::string limited(std::string_view input, std::size_t piece, line_ends allowed, std::uint64_t bytes_max) {
    std::string seen;
    row_scanner scanner([&](std::string_view row) { seen.append(row); }, allowed, bytes_max);
    try {
        for (std::size_t at = 0; at < input.size(); at += piece)
            scanner.feed(input.substr(at, piece));
        scanner.finish();
    } catch (const row_too_large& row) {
        seen += "|large " + std::to_string(row.row) + "@" + std::to_string(row.byte);
    } catch (const malformed& row) {
        seen += "|" + row.reason + " " + std::to_string(row.row) + "@" + std::to_string(row.byte);
    }
    return seen;
}

TEST(row_scanner, refuses_a_row_beyond_its_limit_before_it_holds_it) {
    const std::string row = "1234567,a\n"; // 10 bytes
    EXPECT_EQ(limited(row + row, 100, line_ends::lf, 10), row + row);
    EXPECT_EQ(limited(row + "x" + row, 100, line_ends::lf, 10), row + "|large 2@10");
    EXPECT_EQ(limited(row + "\"" + std::string(100, '\n'), 7, line_ends::lf, 10), row + "|large 2@10");
    EXPECT_EQ(limited("1234567,abc", 3, line_ends::lf, 10), "|large 1@0") << "a last row without newline";
    EXPECT_EQ(limited("1234567\r\n" + row, 100, line_ends::lf_or_crlf, 9), "1234567\r\n|large 2@9");
}

TEST(row_scanner, says_the_same_of_large_rows_wherever_they_are_cut) {
    std::mt19937 random(7);
    constexpr std::string_view letters = "aaaaa,,\"\"\n\r";
    for (int round = 0; round < 3'000; ++round) {
        std::string input;
        for (auto left = random() % 60; left > 0; --left)
            input += letters[random() % letters.size()];
        for (const auto allowed : {line_ends::lf, line_ends::lf_or_crlf}) {
            const auto whole = limited(input, 1'000, allowed, 8);
            for (const std::size_t piece : {1U, 2U, 3U, 5U, 8U, 13U})
                ASSERT_EQ(limited(input, piece, allowed, 8), whole) << testing::PrintToString(input);
        }
    }
}

TEST(first_field, throws_if_it_is_malformed) {
    for (const std::string_view row : {"a\"b,c\n", "\"a\"b,c\n", "\"a", "a\r\n"}) {
        SCOPED_TRACE(row);
        std::string storage;
        EXPECT_THROW((void)first_field(row, storage), std::invalid_argument);
    }
}

} // namespace
} // namespace csv
