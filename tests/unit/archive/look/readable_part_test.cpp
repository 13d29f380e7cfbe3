#include "archive/look/readable_part.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

lake::listed_file marked(std::uint64_t bytes, std::uint64_t rows) {
    lake::listed_file file;
    file.properties.size = bytes;
    file.mark.mark.emplace();
    file.mark.mark->now.bytes = bytes;
    file.mark.mark->now.rows = rows;
    return file;
}

TEST(readable_part_of, is_the_whole_of_a_settled_file) {
    const auto part = readable_part_of(marked(100, 3), unsettled_rows::left_out);
    ASSERT_TRUE(part);
    EXPECT_EQ(part->end, 100);
    EXPECT_EQ(part->recorded->rows, 3);
    EXPECT_FALSE(readable_part_of(marked(20, 0), unsettled_rows::left_out));
}

TEST(readable_part_of, ends_before_uncommitted_rows) {
    auto file = marked(100, 3);
    file.mark.mark->pending = true;
    EXPECT_FALSE(readable_part_of(file, unsettled_rows::left_out));
    EXPECT_EQ(readable_part_of(file, unsettled_rows::included)->end, 100);
    file.mark.mark->base.emplace();
    file.mark.mark->base->bytes = 60;
    file.mark.mark->base->rows = 2;
    EXPECT_EQ(readable_part_of(file, unsettled_rows::left_out)->end, 60);
    EXPECT_EQ(readable_part_of(file, unsettled_rows::left_out)->recorded->rows, 2);
    file.mark.mark->base->rows = 0; // a header alone
    EXPECT_FALSE(readable_part_of(file, unsettled_rows::left_out));
}

// The file keeps them, whatever becomes of the restore.
TEST(readable_part_of, has_rows_on_their_way_back_into_the_table) {
    auto file = marked(100, 3);
    file.mark.mark->restoring.emplace();
    EXPECT_EQ(readable_part_of(file, unsettled_rows::left_out)->end, 100);
    file.mark.mark->restoring.reset();
    file.mark.mark->restored.emplace(); // which it still holds
    EXPECT_EQ(readable_part_of(file, unsettled_rows::left_out)->end, 100);
}

TEST(readable_part_of, knows_nothing_of_what_others_wrote) {
    auto file = marked(100, 3);
    file.properties.size = 130;
    file.mark.mark->pending = true;
    const auto part = readable_part_of(file, unsettled_rows::left_out);
    EXPECT_EQ(part->end, 130);
    EXPECT_FALSE(part->recorded);
    file.mark.mark.reset();
    EXPECT_EQ(readable_part_of(file, unsettled_rows::left_out)->end, 130);
}

} // namespace
} // namespace archive
