#include "lake/mark/mark_change.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

namespace lake {
namespace {

using rig::pending_mark;
using rig::record_before;

TEST(mark_change, says_that_rows_are_back_until_the_transaction_that_deletes_them_is_final) {
    auto restoring = settled(pending_mark());
    restoring.restoring = db::transaction_mark{"0193-restore", "4294967300", restoring.now.position};
    restoring.restoring_rows = 36;
    restoring.held_until = "2026-12-24T02:00:00Z";
    const auto back = moved_back(restoring);
    EXPECT_EQ(back.restored->rows, back.now.rows);
    EXPECT_EQ(back.restored->day_rows, 36U);
    EXPECT_EQ(back.restored->author, restoring.restoring);
    EXPECT_EQ(back.held_until, restoring.held_until);
    EXPECT_FALSE(awaited(back)) << "no transaction is awaited";
    auto again = pending_mark();
    again.restored = back.restored;
    EXPECT_EQ(settled(again).restored, back.restored) << "a part of the day may be in the table still";
    again.restored->ends = true;
    EXPECT_EQ(mark_from(metadata_with(again, {})).mark, again);
    EXPECT_FALSE(settled(again).restored);
    EXPECT_EQ(taken_back(again).restored, back.restored);
    auto once_more = back;
    once_more.restoring = restoring.restoring;
    once_more.restoring_rows = 5;
    EXPECT_EQ(not_restored(once_more), back) << "what an earlier restore did, stays";
    EXPECT_EQ(not_restored(restoring).held_until, "");
}

TEST(mark_change, goes_back_to_the_hold_of_the_restore_before) {
    const auto archived = settled(pending_mark());
    const db::transaction_mark first{"0193-restore", "4294967300", archived.now.position};
    const db::transaction_mark second{"0193-second", "4294967400", archived.now.position};
    for (const std::string hold : {"2026-12-24T02:00:00Z", ""}) {
        const auto restored = moved_back(being_restored(archived, first, hold));
        EXPECT_EQ(restored.held_until, hold);
        const auto again = being_restored(restored, second, "2027-12-24T02:00:00Z");
        EXPECT_EQ(again.held_until, "2027-12-24T02:00:00Z");
        EXPECT_EQ(mark_from(metadata_with(again, {})).mark, again);
        EXPECT_EQ(not_restored(again), restored);
        EXPECT_EQ(moved_back(again).held_until, "2027-12-24T02:00:00Z");
        EXPECT_FALSE(moved_back(again).restored->held_until);
    }
    EXPECT_EQ(not_restored(being_restored(archived, first, "2026-12-24T02:00:00Z")), archived);
}

TEST(mark_change, takes_back_to_the_mark_of_the_file_before) {
    const auto mark = taken_back(pending_mark());

    EXPECT_EQ(mark.now, record_before());
    EXPECT_EQ(mark.table, pending_mark().table);
    EXPECT_FALSE(mark.pending);
    EXPECT_FALSE(mark.base);
}

} // namespace
} // namespace lake
