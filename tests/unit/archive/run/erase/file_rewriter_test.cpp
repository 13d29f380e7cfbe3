#include "archive/run/erase/file_rewriter.hpp"
#include "archive/table/row_key.hpp"
#include "lake/mark/mark_change.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

table_description keyed() {
    table_description table;
    table.columns = {"id", "name"};
    table.keys = {{"id", R"("id")", "bigint", 0}};
    return table;
}

lake::file_mark settled_mark() {
    auto mark = lake::settled(lake::rig::pending_mark());
    mark.now.position = {"7312345678901234567", "16384", 1, 0x17'0000'0000};
    return mark;
}

// A transaction of the same server, later.
db::transaction_mark later(const lake::file_mark& mark) {
    auto position = mark.now.position;
    position.lsn += 1000;
    return {"0193-erase", "4294967999", position};
}

lake::file_record left_rows(std::uint64_t rows) {
    lake::file_record left;
    left.rows = rows;
    left.bytes = 77;
    left.crc = 5;
    left.blocks = 1;
    left.ids = 9;
    return left;
}

TEST(mark_after_erasing, has_the_new_content_and_keeps_what_is_true_of_the_rows) {
    const auto before = settled_mark();
    const auto after = mark_after_erasing(before, left_rows(3), later(before));
    EXPECT_EQ(after.now.rows, 3);
    EXPECT_EQ(after.now.bytes, 77);
    EXPECT_EQ(after.now.crc, 5);
    EXPECT_EQ(after.now.ids, 9);
    EXPECT_EQ(after.now.run, "0193-erase");
    EXPECT_EQ(after.now.header, before.now.header);
    EXPECT_EQ(after.now.types, before.now.types);
    EXPECT_EQ(after.now.before, before.now.before);
    EXPECT_EQ(after.now.time_column, before.now.time_column);
    EXPECT_FALSE(after.now.sample);
    EXPECT_FALSE(after.pending);
    EXPECT_FALSE(after.restored);
}

TEST(mark_after_erasing, does_not_hide_a_lost_history) {
    auto before = settled_mark();
    const auto author = later(before);
    before.now.position.lsn += 2000; // the server was put back
    const auto after = mark_after_erasing(before, left_rows(3), author);
    ASSERT_TRUE(after.restored);
    EXPECT_EQ(after.restored->author, author);
    EXPECT_EQ(after.restored->rows, 3);
    EXPECT_FALSE(mark_after_erasing(before, left_rows(0), author).restored);
}

TEST(mark_after_erasing, stays_restored_and_on_hold) {
    auto before = settled_mark();
    const auto author = later(before);
    before.restored = lake::restored_mark{author, 40};
    before.restored->day_rows = 40;
    before.held_until = "2026-12-24T02:00:00Z";
    const auto after = mark_after_erasing(before, left_rows(7), author);
    ASSERT_TRUE(after.restored);
    EXPECT_EQ(after.restored->rows, 7);
    EXPECT_FALSE(after.restored->day_rows) << "fewer of the restore's rows are in the table now";
    EXPECT_EQ(after.held_until, before.held_until);
}

TEST(sample_of, is_the_key_and_the_bytes_of_the_row) {
    const auto sample = sample_of(keyed(), {"name", "id"}, "\"a,b\",12\n");
    ASSERT_TRUE(sample);
    EXPECT_EQ(sample->key_columns, std::vector<std::string>{"id"});
    EXPECT_EQ(sample->key, std::vector<std::string>{"12"});
    EXPECT_EQ(sample->row_crc, row_crc("\"a,b\",12\n"));
    EXPECT_FALSE(sample_of(keyed(), {"name"}, "a\n"));
    EXPECT_FALSE(sample_of(keyed(), {"id"}, std::string(129, '1') + "\n"));
}

TEST(is_sampled, goes_by_the_key) {
    const auto sample = sample_of(keyed(), {"id", "name"}, "12,a\n").value();
    EXPECT_TRUE(is_sampled(sample, {"id", "name"}, "12,other\n"));
    EXPECT_TRUE(is_sampled(sample, {"name", "id"}, "a,\"12\"\n"));
    EXPECT_FALSE(is_sampled(sample, {"id", "name"}, "13,a\n"));
}

TEST(note_erased, one_entry_a_file_by_day) {
    erasure all;
    const auto day = [](std::string_view text) { return lake::day::from_text(text).value(); };
    note_erased(all, {"b", day("2024-01-02"), 2, {10, 100, 1}, {8, 80, 2}});
    note_erased(all, {"a", day("2024-01-01"), 1, {5, 50, 3}, {4, 40, 4}});
    note_erased(all, {"b", day("2024-01-02"), 1, {9, 90, 5}, {8, 80, 6}});
    ASSERT_EQ(all.files.size(), 2);
    EXPECT_EQ(all.files[0].name, "a");
    EXPECT_EQ(all.files[1].rows, 3);
    EXPECT_EQ(all.files[1].before.crc, 1);
    EXPECT_EQ(all.files[1].after.crc, 6);
    EXPECT_EQ(all.rows_of_files(), 4);
}

} // namespace
} // namespace archive
