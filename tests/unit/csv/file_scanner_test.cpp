#include "csv/file_scanner.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace csv {
namespace {

std::vector<std::byte> compressed(std::string_view text) {
    std::vector<std::byte> made;
    const auto take = [&made](std::span<const std::byte> bytes) {
        made.insert(made.end(), bytes.begin(), bytes.end());
    };
    gzip_compressor compressor;
    gzip_member member;
    compressor.begin_part(member, take);
    compressor.write(member, std::as_bytes(std::span(text)), take);
    compressor.end_part(take);
    gzip_compressor::end_member(member, take);
    return made;
}

TEST(file_scanner, goes_through_what_is_compressed_in_small_steps) {
    std::string text;
    for (int row = 0; row < 100'000; ++row)
        text += "the same row again and again\n";
    const auto stored = compressed(text);
    ASSERT_LT(stored.size(), text.size() / 100);
    std::size_t bytes = 0;
    std::size_t steps = 0;
    file_scanner scanner(
        true, [&](std::string_view row) { bytes += row.size(); }, line_ends::lf, 100);
    std::size_t largest = 0;
    scanner.give(stored);
    for (auto before = bytes; scanner.step(); before = bytes) {
        largest = std::max(largest, bytes - before);
        ++steps;
    }
    scanner.finish();
    EXPECT_EQ(bytes, text.size());
    EXPECT_LE(largest, (std::size_t{64} << 10) + 100);
    EXPECT_GE(steps, text.size() / (64 << 10));
}

TEST(file_scanner, does_not_hold_a_row_that_is_too_large_however_small_it_is_stored) {
    const auto stored = compressed("id\n\"" + std::string(std::size_t{8} << 20, 'x') + "\"\n");
    std::size_t rows = 0;
    file_scanner scanner(
        true, [&](std::string_view) { ++rows; }, line_ends::lf, 1'000'000);
    try {
        scanner.feed(stored);
        FAIL() << "it should have thrown";
    } catch (const row_too_large& row) {
        EXPECT_EQ(row.row, 2U);
        EXPECT_EQ(row.byte, 3U);
        EXPECT_EQ(row.bytes_max, 1'000'000U);
    }
    EXPECT_EQ(rows, 1U);
    EXPECT_LE(scanner.csv_bytes(), 1'000'000U);
}

} // namespace
} // namespace csv
