#include "lake/ledger.hpp"
#include "tests/unit/lake/marks.hpp"

#include <gtest/gtest.h>

namespace lake {
namespace {

file_mark archived_mark() {
    auto mark = rig::pending_mark();
    mark.pending = false;
    mark.base.reset();
    mark.now = rig::record_before();
    return mark;
}

ledger_entry known_entry() {
    return entry_of("a/events_2024-02-29.csv", archived_mark(), "\"0x8D\"", "archived");
}

listed_file file_as_marked(const file_mark& mark) {
    listed_file file;
    file.properties.name = "a/events_2024-02-29.csv";
    file.properties.size = mark.now.bytes;
    file.mark.mark = mark;
    return file;
}

ledger_verdict verdict_on(const file_mark& mark) {
    const auto file = file_as_marked(mark);
    return compare_with_ledger(known_entry(), &file);
}

// As a later transaction of the same server would have it.
void move_on(file_record& record, std::uint64_t distance) {
    record.run = "0193-later";
    record.transaction = "9999";
    record.position.lsn += distance;
}

TEST(ledger_line, is_read_as_it_was_written) {
    const auto entry = known_entry();
    const auto line = ledger_line(entry, "2026-01-01T02:00:00Z");
    ASSERT_TRUE(line.ends_with("}\n"));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const auto read = entry_from(std::string_view(line).substr(0, line.size() - 1));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->file, "events_2024-02-29.csv");
    EXPECT_EQ(read->word, "archived");
    EXPECT_EQ(read->etag, "0x8D"); // without its quotes
    EXPECT_EQ(read->now.rows, entry.now.rows);
    EXPECT_EQ(read->now.bytes, entry.now.bytes);
    EXPECT_EQ(read->now.crc, entry.now.crc);
    EXPECT_EQ(read->now.run, entry.now.run);
    EXPECT_EQ(read->now.transaction, entry.now.transaction);
    EXPECT_EQ(read->now.position.cluster, entry.now.position.cluster);
    EXPECT_EQ(read->now.position.lsn, entry.now.position.lsn);
}

TEST(entry_from, takes_no_line_that_is_cut_off_or_of_others) {
    auto line = ledger_line(known_entry(), "2026-01-01T02:00:00Z");
    line.pop_back();
    for (std::size_t length = 0; length < line.size(); ++length)
        EXPECT_FALSE(entry_from(std::string_view(line).substr(0, length))) << length;
    for (const auto* other : {"", "{}", "[]", "hello", R"({"file":"events_2024-02-29.csv"})"})
        EXPECT_FALSE(entry_from(other)) << other;
    auto wrong = line;
    wrong.replace(wrong.find("\"rows\":"), 8, "\"rows\":x");
    EXPECT_FALSE(entry_from(wrong));
}

TEST(ledger_state, lets_the_later_line_count_unless_the_server_had_come_less_far) {
    ledger_state state;
    state.note(known_entry());
    auto later = known_entry();
    later.now.rows = 20;
    later.now.position.lsn += 1;
    state.note(later);
    EXPECT_EQ(state.find("events_2024-02-29.csv")->now.rows, 20U);

    auto of_a_copy = known_entry();
    of_a_copy.now.rows = 15;
    state.note(of_a_copy);
    EXPECT_EQ(state.find("events_2024-02-29.csv")->now.rows, 20U);
    of_a_copy.now.position.timeline += 1;
    state.note(of_a_copy);
    EXPECT_EQ(state.find("events_2024-02-29.csv")->now.rows, 15U);
    auto of_another_cluster = known_entry();
    of_another_cluster.now.position.cluster = "1";
    of_another_cluster.now.rows = 3;
    state.note(of_another_cluster);
    EXPECT_EQ(state.find("events_2024-02-29.csv")->now.rows, 3U);
}

TEST(ledger_state, lets_a_decision_count_wherever_it_was_made) {
    for (const auto word :
         {ledger_word::taken_back, ledger_word::removed, ledger_word::emptied, ledger_word::kept}) {
        ledger_state state;
        state.note(known_entry());
        auto decision = known_entry();
        decision.word = word;
        decision.now.rows = 0;
        decision.now.position.lsn -= 1;
        EXPECT_TRUE(is_decision(decision));
        state.note(decision);
        EXPECT_EQ(state.find("events_2024-02-29.csv")->now.rows, 0U) << word;
    }
    EXPECT_FALSE(is_decision(known_entry()));
}

TEST(compare_with_ledger, knows_the_file_by_its_last_write) {
    EXPECT_EQ(verdict_on(archived_mark()), ledger_verdict::as_known);
    auto newer = archived_mark();
    move_on(newer.now, 1);
    EXPECT_EQ(verdict_on(newer), ledger_verdict::as_known);
    auto pending = rig::pending_mark(); // on what the ledger knows
    EXPECT_EQ(verdict_on(pending), ledger_verdict::as_known);
    pending.now.position = archived_mark().now.position;
    pending.now.position.lsn -= 1; // the server has lost it, and it was decided to take it back
    EXPECT_EQ(verdict_on(pending), ledger_verdict::as_known);
}

TEST(compare_with_ledger, names_what_is_missing_older_or_altered) {
    EXPECT_EQ(compare_with_ledger(known_entry(), nullptr), ledger_verdict::missing);
    auto older = archived_mark();
    move_on(older.now, 0);
    older.now.position.lsn -= 1;
    EXPECT_EQ(verdict_on(older), ledger_verdict::older);
    auto other_bytes = archived_mark();
    other_bytes.now.crc ^= 1;
    EXPECT_EQ(verdict_on(other_bytes), ledger_verdict::altered);
    auto cut = file_as_marked(archived_mark());
    cut.properties.size -= 1;
    EXPECT_EQ(compare_with_ledger(known_entry(), &cut), ledger_verdict::altered);
    cut.mark.mark.reset();
    EXPECT_EQ(compare_with_ledger(known_entry(), &cut), ledger_verdict::altered);
    cut.properties.size += 1; // only its bytes can tell
    EXPECT_EQ(compare_with_ledger(known_entry(), &cut), ledger_verdict::as_known);
}

TEST(compare_with_ledger, misses_nothing_of_a_file_without_rows) {
    auto empty = known_entry();
    empty.now.rows = 0;
    EXPECT_EQ(compare_with_ledger(empty, nullptr), ledger_verdict::as_known);
    auto older = archived_mark();
    older.now.position.lsn -= 1;
    older.now.run = "0193-other";
    const auto file = file_as_marked(older);
    EXPECT_EQ(compare_with_ledger(empty, &file), ledger_verdict::as_known);
    empty.word = ledger_word::erased; // its rows came back
    EXPECT_EQ(compare_with_ledger(empty, &file), ledger_verdict::older);
}

} // namespace
} // namespace lake
