#include "archive/stage/known_content.hpp"
#include "azure/blob/crc64.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace archive {
namespace {

constexpr std::string_view first_line = "id,text\n";
constexpr std::string_view only_row = "1,\"a,b\"\n";

std::span<const std::byte> as_stored(std::string_view text) { return std::as_bytes(std::span(text)); }

lake::file_record record_holding(std::string_view content) {
    lake::file_record record;
    record.bytes = content.size();
    record.crc = azure::crc64(0, as_stored(content));
    return record;
}

const std::string both_lines = std::string(first_line) + std::string(only_row);

bool is_found(std::string_view stored, std::size_t piece) {
    known_content known(record_holding(both_lines), first_line);
    for (; !stored.empty(); stored.remove_prefix(std::min(piece, stored.size())))
        known.feed(as_stored(stored.substr(0, piece)));
    return known.is_there();
}

TEST(known_content, is_there_in_whatever_pieces_it_comes_and_whatever_follows) {
    for (std::size_t piece = 1; piece < 30; ++piece) {
        EXPECT_TRUE(is_found(both_lines, piece)) << piece;
        EXPECT_TRUE(is_found(both_lines + "2,more\n", piece)) << piece;
    }
}

TEST(known_content, is_not_there_when_it_was_edited_or_cut) {
    auto edited = both_lines;
    edited[first_line.size()] = '7';
    EXPECT_FALSE(is_found(edited, 5));
    EXPECT_FALSE(is_found(std::string_view(both_lines).substr(0, both_lines.size() - 1), 5));
    EXPECT_FALSE(is_found("", 5));
    EXPECT_FALSE(is_found(first_line, 5));
}

TEST(known_content, is_there_by_its_rows_if_they_are_only_written_otherwise) {
    for (const auto* written : {"1,\"a,b\"\r\n", "\"1\",\"a,b\"\n"}) {
        known_content known(record_holding(both_lines), first_line);
        known.row(written);
        known.row("2,more\r\n");
        EXPECT_TRUE(known.is_there()) << written;
    }
    known_content known(record_holding(both_lines), first_line);
    known.row("1,\"a,c\"\r\n");
    EXPECT_FALSE(known.is_there());
}

TEST(known_content, of_a_compressed_file_is_there_by_the_checksum_of_its_csv) {
    auto record = record_holding("as it was compressed");
    for (const bool recorded : {false, true}) {
        if (recorded) {
            record.uncompressed = both_lines.size();
            record.csv_crc = azure::crc64(0, as_stored(both_lines));
        }
        known_content known(record, first_line);
        known.feed(as_stored("as others compress it"));
        known.row(only_row);
        EXPECT_EQ(known.is_there(), recorded);
        known_content edited(record, first_line);
        edited.row("2,\"a,b\"\n");
        EXPECT_FALSE(edited.is_there());
    }
}

} // namespace
} // namespace archive
