#include "archive/known_content.hpp"
#include "azure/crc64.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace archive {
namespace {

constexpr std::string_view header = "id,text\n";
constexpr std::string_view row = "1,\"a,b\"\n";

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

file_record record_of(std::string_view content) {
    file_record record;
    record.bytes = content.size();
    record.crc = azure::crc64(0, bytes_of(content));
    return record;
}

const std::string content = std::string(header) + std::string(row);

bool bytes_are_there(std::string_view stored, std::size_t piece) {
    known_content known(record_of(content), header);
    for (; !stored.empty(); stored.remove_prefix(std::min(piece, stored.size())))
        known.feed(bytes_of(stored.substr(0, piece)));
    return known.is_there();
}

TEST(known_content, is_there_in_whatever_pieces_it_comes_and_whatever_follows) {
    for (std::size_t piece = 1; piece < 30; ++piece) {
        EXPECT_TRUE(bytes_are_there(content, piece)) << piece;
        EXPECT_TRUE(bytes_are_there(content + "2,more\n", piece)) << piece;
    }
}

TEST(known_content, is_not_there_when_it_was_edited_or_cut) {
    auto edited = content;
    edited[header.size()] = '7';
    EXPECT_FALSE(bytes_are_there(edited, 5));
    EXPECT_FALSE(bytes_are_there(std::string_view(content).substr(0, content.size() - 1), 5));
    EXPECT_FALSE(bytes_are_there("", 5));
    EXPECT_FALSE(bytes_are_there(header, 5));
}

TEST(known_content, is_there_by_its_rows_if_they_are_only_written_otherwise) {
    for (const auto* written : {"1,\"a,b\"\r\n", "\"1\",\"a,b\"\n"}) {
        known_content known(record_of(content), header);
        known.row(written);
        known.row("2,more\r\n");
        EXPECT_TRUE(known.is_there()) << written;
    }
    known_content known(record_of(content), header);
    known.row("1,\"a,c\"\r\n");
    EXPECT_FALSE(known.is_there());
}

} // namespace
} // namespace archive
