#include "azure/blob/crc64.hpp"
#include "lake/content/file_reading.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace lake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::string_view header_line = "id,created_at,payload\n";

struct seen_row {
    std::uint64_t row;
    std::uint64_t byte;
    std::string key;
    bool operator==(const seen_row&) const = default;
};
void PrintTo(const seen_row& row, std::ostream* out) { *out << row.row << '@' << row.byte << ' ' << row.key; }

struct reading_outcome {
    std::vector<seen_row> rows;
    std::vector<std::string> found; // "kind row@byte"
    bool whole = true;
};

reading_outcome read(std::string_view text, std::size_t piece = 1'000, std::uint64_t header_crc = 0) {
    reading_outcome result;
    difference_list found;
    const expected_file expected{day::from_text("2024-02-29").value(),
                                 std::string(header_line),
                                 header_crc,
                                 "created_at",
                                 {{"id", "text"}}};
    const auto take = [&](const placed_row& row) {
        result.rows.push_back({row.at.row, row.at.byte, row.key.front()});
    };
    file_reading reading(expected, false, found, take, csv::no_row_limit);
    for (std::size_t begin = 0; begin < text.size(); begin += piece)
        reading.feed(std::as_bytes(std::span(text.substr(begin, piece))));
    reading.finish();
    EXPECT_EQ(reading.crc(), azure::crc64(0, std::as_bytes(std::span(text))));
    EXPECT_EQ(reading.bytes(), text.size());
    for (const auto& one : found.kept())
        result.found.push_back(std::string(to_string(one.kind)) + ' ' + std::to_string(one.at.row) + '@' +
                               std::to_string(one.at.byte));
    result.whole = reading.whole();
    return result;
}

TEST(file_reading, takes_a_byte_order_mark_for_no_part_of_the_header) {
    const auto text = "\xEF\xBB\xBF" + std::string(header_line) + "1,2024-02-29 00:00:00,a\n";
    const auto header_crc = azure::crc64(0, std::as_bytes(std::span(header_line)));
    for (const auto recorded : {std::uint64_t{0}, header_crc}) {
        const auto result = read(text, 1'000, recorded);
        EXPECT_THAT(result.found, IsEmpty());
        EXPECT_THAT(result.rows, ElementsAre(seen_row{2, 25, "1"}));
    }
}

std::string file_with(std::string_view rows) { return std::string(header_line) + std::string(rows); }

TEST(file_reading, hands_on_each_row_with_its_place_wherever_the_bytes_are_cut) {
    const auto text = file_with("1,2024-02-29 00:00:00,a\n\"x\"\"y\",2024-02-29 23:59:59.999+00,\"b\nc\"\n");
    for (const std::size_t piece : {1U, 7U, 1'000U}) {
        const auto result = read(text, piece);
        EXPECT_THAT(result.found, IsEmpty());
        EXPECT_THAT(result.rows, ElementsAre(seen_row{2, 22, "1"}, seen_row{3, 46, "x\"y"}));
    }
}

TEST(file_reading, names_what_is_wrong_and_where) {
    const struct {
        const char* context;
        std::string text;
        std::vector<std::string> found;
    } cases[] = {
        {"nothing at all", "", {"header 0@0"}},
        {"no row", file_with(""), {}},
        {"another day", file_with("1,2024-03-01 00:00:00,a\n"), {"wrong_day 2@22"}},
        {"no time", file_with("1,,a\n"), {"wrong_day 2@22"}},
        {"a date without time", file_with("1,2024-02-29,a\n"), {"wrong_day 2@22"}},
        {"a field too many", file_with("1,2024-02-29 00:00:00,a,\n"), {"malformed 2@22"}},
        {"a field too few", file_with("1,2024-02-29 00:00:00\n"), {"malformed 2@22"}},
        {"a stray quote", file_with("1,2024-02-29 00:00:00,a\"\n"), {"malformed 2@45"}},
        {"the end inside quotes", file_with("1,2024-02-29 00:00:00,\"a"), {"malformed 2@46"}},
        {"CRLF", file_with("1,2024-02-29 00:00:00,a\r\n"), {"malformed 2@45"}},
        {"no newline at the end", file_with("1,2024-02-29 00:00:00,a"), {}},
        {"another header", "id,at,payload\n1,2024-02-29 00:00:00,a\n", {"header 1@0"}},
    };
    for (const auto& [context, text, found] : cases) {
        SCOPED_TRACE(context);
        EXPECT_EQ(read(text).found, found);
    }
}

TEST(file_reading, takes_a_header_for_right_that_the_file_was_written_with) {
    const std::string earlier = "created_at,id\n";
    const auto crc = azure::crc64(0, std::as_bytes(std::span(earlier)));
    const auto result = read(earlier + "2024-02-29 10:00:00,7\n", 1'000, crc);
    EXPECT_THAT(result.found, IsEmpty());
    EXPECT_THAT(result.rows, ElementsAre(seen_row{2, 14, "7"}));
}

TEST(file_reading, sums_up_the_rest_of_what_is_malformed) {
    const auto result = read(file_with("1,2024-02-29 00:00:00,a\n2,b\"c,d\n3,2024-02-29 00:00:00,a\n"), 5);
    EXPECT_FALSE(result.whole);
    EXPECT_THAT(result.rows, ElementsAre(seen_row{2, 22, "1"}));
}

} // namespace
} // namespace lake
