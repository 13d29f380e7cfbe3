#include "lake/folder/folder.hpp"
#include "lake/folder/row_limit.hpp"

#include <gtest/gtest.h>

namespace lake {
namespace {

constexpr std::uint64_t row_memory = std::uint64_t{8} << 20;

listed_file file_of_size(std::uint64_t size) {
    listed_file file;
    file.properties.size = size;
    return file;
}

listed_file file_marked(std::uint64_t size, std::uint64_t recorded, std::uint64_t uncompressed = 0) {
    auto file = file_of_size(size);
    file_mark mark;
    mark.now.bytes = recorded;
    mark.now.uncompressed = uncompressed;
    file.mark.mark = mark;
    return file;
}

TEST(row_limit, is_the_memory_for_rows_of_others) {
    EXPECT_EQ(row_limit(file_of_size(std::uint64_t{3} << 30), row_memory), row_memory);
    EXPECT_EQ(row_limit(file_marked(200 << 20, 100 << 20), row_memory), row_memory)
        << "changed since our mark";
    EXPECT_EQ(row_limit(file_marked(1'000, 999, std::uint64_t{1} << 30), row_memory), row_memory);
}

TEST(row_limit, lets_a_row_of_ours_be_as_large_as_its_file) {
    EXPECT_EQ(row_limit(file_marked(100 << 20, 100 << 20), row_memory), 100U << 20);
    EXPECT_EQ(row_limit(file_marked(1'000, 1'000), row_memory), row_memory);
    EXPECT_EQ(row_limit(file_marked(1'000, 1'000, 300 << 20), row_memory), 300U << 20);
    EXPECT_EQ(row_limit(file_marked(std::uint64_t{9} << 30, std::uint64_t{9} << 30), row_memory),
              std::uint64_t{1} << 30);
}

TEST(row_refused, names_file_row_and_byte) {
    const auto failed = row_refused("a/events_2024-01-01.csv.gz", 0, csv::row_too_large(2, 55, row_memory));
    EXPECT_EQ(failed.kind(), async::failure::precondition);
    EXPECT_EQ(failed.message(), "'a/events_2024-01-01.csv.gz' cannot be read: a row of more than 8388608 "
                                "bytes, in row 2, at byte 55");
}

} // namespace
} // namespace lake
