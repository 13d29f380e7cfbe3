#include "archive/run/restore/restore_transaction.hpp"
#include "async/error.hpp"
#include "lake/mark/mark_change.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

const db::transaction_mark restoring{
    "0193-restore", "4294967300", {"7312345678901234567", "16384", 1, 0x17'0000'0000}};

lake::listed_file archived_file() {
    lake::listed_file file;
    file.properties.name = "logs/events_2024-02-29.csv";
    file.mark.mark = lake::settled(lake::rig::pending_mark());
    file.properties.size = file.mark.mark->now.bytes;
    return file;
}

restored_file restored_from(const lake::listed_file& file) {
    restored_file restored{&file, {}};
    restored.loaded.content.bytes = file.properties.size;
    restored.loaded.content.rows = 31;
    restored.loaded.content.crc = 0x1234;
    return restored;
}

TEST(rows_of_day, are_those_inserted_from_both_files_of_the_day) {
    auto plain = archived_file();
    auto gzip = archived_file();
    gzip.properties.name += ".gz";
    auto other_day = archived_file();
    other_day.properties.name = "logs/events_2024-03-01.csv";
    std::vector<restored_file> all;
    for (const auto& [file, inserted] :
         {std::pair(&plain, 31U), std::pair(&gzip, 5U), std::pair(&other_day, 9U)}) {
        all.push_back(restored_from(*file));
        all.back().loaded.rows_inserted = inserted;
    }
    EXPECT_EQ(rows_of_day(all, {}, all[0]), 36U);
    EXPECT_EQ(rows_of_day(all, {}, all[1]), 36U);
    EXPECT_EQ(rows_of_day(all, {}, all[2]), 9U);
    all[1].loaded.rows_present = 1;
    EXPECT_EQ(rows_of_day(all, {}, all[0]), 36U);
    EXPECT_FALSE(rows_of_day(all, {}, all[1])) << "another transaction has inserted a row of the file";
    EXPECT_TRUE(rows_of_day(all, {{.table = {}, .own = false, .inserted = 40}}, all[0])) << "an audit table";
    EXPECT_FALSE(rows_of_day(all, {{.table = {}, .own = true, .inserted = 1}}, all[0]))
        << "a trigger has inserted rows into the table too";
}

TEST(mark_being_restored, says_what_the_files_own_mark_says) {
    const auto file = archived_file();
    const auto mark = mark_being_restored(restored_from(file), "public.Event", restoring, "");
    EXPECT_EQ(mark.now, file.mark.mark->now);
    EXPECT_EQ(mark.restoring, restoring);
    EXPECT_FALSE(mark.pending);
    EXPECT_EQ(mark.held_until, "");
}

TEST(mark_being_restored, names_the_end_of_the_hold) {
    const auto file = archived_file();
    const auto mark =
        mark_being_restored(restored_from(file), "public.Event", restoring, "2026-12-24T02:00:00Z");
    EXPECT_EQ(mark.held_until, "2026-12-24T02:00:00Z");
}

TEST(mark_being_restored, says_what_was_read_where_others_wrote_to_the_file) {
    auto file = archived_file();
    file.properties.size += 100;
    const auto mark = mark_being_restored(restored_from(file), "public.Event", restoring, "");
    EXPECT_EQ(mark.now.bytes, file.properties.size);
    EXPECT_EQ(mark.now.rows, 31U);
    EXPECT_EQ(mark.now.crc, 0x1234U);
    EXPECT_EQ(mark.now.run, restoring.run);
    EXPECT_EQ(mark.now.transaction, restoring.transaction);
    EXPECT_EQ(mark.now.position, restoring.position);
}

TEST(mark_being_restored, keeps_an_earlier_restore_where_others_wrote_to_the_file) {
    auto file = archived_file();
    file.properties.size += 100;
    file.mark.mark->restored = lake::restored_mark{{"0193-first", "4294967298", {}}, 30};
    file.mark.mark->held_until = "2028-12-24T02:00:00Z";
    const auto mark = mark_being_restored(restored_from(file), "public.Event", restoring, "");
    const auto back = lake::not_restored(mark);
    EXPECT_EQ(back.restored, file.mark.mark->restored);
    EXPECT_EQ(back.held_until, "2028-12-24T02:00:00Z");
}

TEST(mark_being_restored, is_of_this_table_where_the_file_had_no_mark) {
    auto file = archived_file();
    file.mark.mark.reset();
    const auto mark = mark_being_restored(restored_from(file), "public.Event", restoring, "");
    EXPECT_EQ(mark.table, "public.Event");
    EXPECT_EQ(mark.now.rows, 31U);
}

TEST(mark_being_restored, is_refused_for_a_file_of_another_table) {
    const auto file = archived_file();
    try {
        (void)mark_being_restored(restored_from(file), "public.Other", restoring, "");
        ADD_FAILURE() << "it was made";
    } catch (const async::error& refused) {
        EXPECT_EQ(refused.kind(), async::failure::precondition);
        EXPECT_EQ(refused.message(), "'logs/events_2024-02-29.csv' holds rows of table public.Event");
    }
}

} // namespace
} // namespace archive
