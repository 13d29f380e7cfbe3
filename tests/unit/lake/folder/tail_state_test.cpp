#include "lake/folder/tail_state.hpp"
#include "lake/mark/mark_change.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace lake {
namespace {

using ::testing::HasSubstr;

listed_file file_after(const file_mark& mark) {
    listed_file file;
    file.properties.name = "events_2024-02-29.csv";
    file.properties.size = mark.now.bytes;
    file.mark.mark = mark;
    return file;
}

tail_state state_after(const listed_file& file) { return tail_state_of(file, rig::pending_mark()); }

TEST(tail_state, is_told_by_the_mark_and_by_what_is_there) {
    const auto published = rig::pending_mark();
    EXPECT_EQ(tail_state_of(std::nullopt, published), tail_state::absent);
    EXPECT_EQ(state_after(file_after(published)), tail_state::pending);
    EXPECT_EQ(state_after(file_after(settled(published))), tail_state::final);
    EXPECT_EQ(state_after(file_after(taken_back(published))), tail_state::as_before);
}

TEST(tail_state, of_a_file_without_our_mark_is_not_final) {
    auto file = file_after(rig::pending_mark());
    file.mark.mark.reset();
    EXPECT_EQ(state_after(file), tail_state::other);
    file.properties.size = rig::record_before().bytes;
    EXPECT_EQ(state_after(file), tail_state::as_before);
}

TEST(tail_state, of_a_file_that_claims_more_than_it_holds_is_other) {
    auto file = file_after(settled(rig::pending_mark()));
    file.properties.size -= 1;
    EXPECT_EQ(state_after(file), tail_state::other);
    for (const auto change :
         {+[](file_mark& mark) { mark.now.crc ^= 1; }, +[](file_mark& mark) { mark.now.run = "another"; },
          +[](file_mark& mark) { mark.now.transaction = "another"; }}) {
        auto mark = settled(rig::pending_mark());
        change(mark);
        EXPECT_EQ(state_after(file_after(mark)), tail_state::other);
    }
}

TEST(tail_state, knows_a_tail_that_stands_on_ours) {
    auto next = rig::pending_mark();
    next.base = rig::pending_mark().now;
    next.now.run = "0193-next";
    next.now.bytes += 10;
    EXPECT_EQ(state_after(file_after(next)), tail_state::built_on);
    next.base->crc ^= 1;
    EXPECT_EQ(state_after(file_after(next)), tail_state::other);
    next.base.reset();
    EXPECT_EQ(state_after(file_after(next)), tail_state::other);
}

TEST(holds, asks_for_writer_length_and_checksum) {
    const auto mark = settled(rig::pending_mark());
    EXPECT_TRUE(holds(file_after(mark), mark.now));
    EXPECT_FALSE(holds(file_after(mark), rig::record_before()));
    auto longer = file_after(mark);
    ++longer.properties.size;
    EXPECT_FALSE(holds(longer, mark.now));
}

TEST(rows_gone, counts_the_rows_of_the_tail) {
    auto mark = rig::pending_mark(); // 20 rows behind 10
    EXPECT_EQ(rows_gone("f", mark, gone_how::deleted).kind(), async::failure::integrity);
    EXPECT_THAT(rows_gone("f", mark, gone_how::deleted).message(),
                HasSubstr("'f' was deleted by somebody else after its 20 rows"));
    EXPECT_THAT(rows_gone("f", mark, gone_how::replaced).message(), HasSubstr("replaced"));
    EXPECT_THAT(base_gone("f", mark).message(), HasSubstr("the 10 rows it held before"));
    mark.now.rows = mark.base->rows; // recognised: all of them were deleted from the table
    EXPECT_THAT(rows_gone("f", mark, gone_how::deleted).message(), HasSubstr("its 10 rows"));
}

} // namespace
} // namespace lake
