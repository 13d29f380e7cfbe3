#include "lake/ledger/ledger.hpp"
#include "lake/mark/mark_change.hpp"
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
    return compare_with_ledger(known_entry(), &file, false);
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

TEST(ledger_line, has_the_checksum_of_compressed_csv) {
    auto mark = archived_mark();
    mark.now.csv_crc = 0xfe;
    EXPECT_EQ(mark_from(metadata_with(mark, {})).mark, mark);
    auto line = ledger_line(entry_of("events_2024-02-29.csv.gz", mark, {}, "archived"), {});
    line.pop_back();
    EXPECT_EQ(entry_from(line)->now.csv_crc, 0xfeU);
    EXPECT_EQ(entry_from(line)->now.uncompressed, mark.now.uncompressed);
    line.replace(line.find("\"csvcrc"), 8, "\"other\"");
    EXPECT_EQ(entry_from(line)->now.csv_crc, 0U) << "it says nothing without the other";
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

// The next write of the file, by a server at this position.
ledger_entry next_write(std::string run, std::uint64_t rows, db::server_position position) {
    auto entry = known_entry();
    entry.now.run = std::move(run);
    entry.now.rows = rows;
    entry.now.position = std::move(position);
    return entry;
}

ledger_verdict verdict_of(const ledger_state& state, const ledger_entry& there) {
    auto mark = archived_mark();
    mark.now = there.now;
    const auto file = file_as_marked(mark);
    return state.verdict_on(*state.find("events_2024-02-29.csv"), &file);
}

TEST(ledger_state, lets_the_later_line_count_wherever_its_server_was) {
    const auto first = known_entry();
    auto further = first.now.position;
    further.lsn += 1;
    auto put_back = first.now.position; // the server's disk was put back: the same timeline
    put_back.lsn -= 1;
    auto promoted = further;
    promoted.timeline += 1;
    auto migrated = first.now.position;
    migrated.cluster = "1";
    const auto before_promotion = further; // production, after a promoted copy has written to its folder
    ledger_state state;
    state.note(first);
    std::vector<ledger_entry> lines;
    lines.push_back(first);
    for (const auto& position : {further, put_back, promoted, before_promotion, migrated}) {
        const auto number = lines.size();
        lines.push_back(next_write("0193-" + std::to_string(number), 20 + number, position));
        state.note(lines.back());
        EXPECT_EQ(state.find(first.file)->now.rows, 20 + number);
        EXPECT_EQ(verdict_of(state, lines.back()), ledger_verdict::as_known) << number;
        for (std::size_t earlier = 0; earlier < number; ++earlier)
            EXPECT_EQ(verdict_of(state, lines[earlier]), ledger_verdict::older) << earlier << "/" << number;
    }
}

// By a process that was stopped behind its COMMIT, or after an unclear answer.
TEST(ledger_state, passes_by_a_line_that_comes_late) {
    const auto late = known_entry();
    const auto next = next_write("0193-next", 20, late.now.position);
    ledger_state state;
    for (const auto& line : {late, next, late})
        state.note(line);
    EXPECT_EQ(state.find(late.file)->now.run, "0193-next");
    EXPECT_EQ(verdict_of(state, next), ledger_verdict::as_known);
    auto erased = late;
    erased.word = ledger_word::erased;
    state.note(erased);
    EXPECT_EQ(state.find(late.file)->now.run, "0193-next");
}

TEST(ledger_state, tells_the_order_of_unknown_writes_of_two_clusters_by_their_time) {
    auto position = known_entry().now.position;
    position.cluster = "1";
    const auto migrated = next_write("01930000-0000-7000-8000-000000000000", 20, position);
    ledger_state state;
    state.note(migrated);
    auto unknown = known_entry();
    unknown.now.run = "01920000-0000-7000-8000-000000000000";
    EXPECT_EQ(verdict_of(state, unknown), ledger_verdict::older);
    unknown.now.run = "01940000-0000-7000-8000-000000000000";
    EXPECT_EQ(verdict_of(state, unknown), ledger_verdict::as_known);
    unknown.now.run = "0"; // of another program
    EXPECT_EQ(verdict_of(state, unknown), ledger_verdict::as_known);
}

TEST(ledger_state, knows_a_loss_until_a_person_accepts_it) {
    const auto before = known_entry();
    auto lost = before;
    lost.word = ledger_word::lost;
    const auto next = next_write("0193-next", 1, before.now.position);
    for (const auto& word : {ledger_word::moved, ledger_word::kept, ledger_word::found}) {
        ledger_state state;
        state.note(before);
        state.note(lost);
        EXPECT_EQ(state.verdict_on(*state.find(before.file), nullptr), ledger_verdict::missing);
        EXPECT_EQ(verdict_of(state, before), ledger_verdict::as_known); // it is there again
        state.note(next);
        EXPECT_EQ(verdict_of(state, next), ledger_verdict::lost);
        EXPECT_NE(state.sentence_of(ledger_verdict::lost, next).find("knows 10 rows"), std::string::npos)
            << state.sentence_of(ledger_verdict::lost, next);
        auto accepted = word == ledger_word::found ? before : next;
        accepted.word = word;
        state.note(accepted);
        EXPECT_EQ(state.loss_of(before.file), nullptr);
        EXPECT_EQ(verdict_of(state, next), ledger_verdict::as_known) << word;
    }
}

TEST(hash_set, has_what_was_put_in) {
    hash_set all;
    for (std::uint64_t each = 0; each < 5'000; ++each)
        EXPECT_TRUE(all.insert(each * 0x9E3779B97F4A7C15));
    for (std::uint64_t each = 0; each < 5'000; ++each)
        EXPECT_FALSE(all.insert(each * 0x9E3779B97F4A7C15));
    EXPECT_FALSE(all.contains(1));
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
    EXPECT_EQ(compare_with_ledger(known_entry(), nullptr, false), ledger_verdict::missing);
    auto older = archived_mark();
    move_on(older.now, 0);
    older.now.position.lsn -= 1;
    EXPECT_EQ(verdict_on(older), ledger_verdict::older);
    auto other_bytes = archived_mark();
    other_bytes.now.crc ^= 1;
    EXPECT_EQ(verdict_on(other_bytes), ledger_verdict::altered);
    auto cut = file_as_marked(archived_mark());
    cut.properties.size -= 1;
    EXPECT_EQ(compare_with_ledger(known_entry(), &cut, false), ledger_verdict::altered);
    cut.mark.mark.reset();
    EXPECT_EQ(compare_with_ledger(known_entry(), &cut, false), ledger_verdict::altered);
    cut.properties.size += 1; // only its bytes can tell
    EXPECT_EQ(compare_with_ledger(known_entry(), &cut, false), ledger_verdict::as_known);
}

TEST(compare_with_ledger, names_a_restored_file_that_is_not_marked_as_such) {
    auto restoring = archived_mark();
    restoring.restoring = db::transaction_mark{"0193-restore", "4294967300", restoring.now.position};
    const auto restored = moved_back(restoring);
    const auto known = entry_of("a/events_2024-02-29.csv", restored, {}, "restored");
    ASSERT_TRUE(known.restored);
    auto line = ledger_line(known, "2026-01-01T02:00:00Z");
    line.pop_back();
    EXPECT_TRUE(entry_from(line)->restored);
    auto partly = rig::pending_mark(); // of a part of the day
    partly.base = archived_mark().now;
    partly.restored = restored.restored;
    auto before_settling = archived_mark();
    before_settling.pending = true;
    const auto verdict = [](const ledger_entry& entry, const file_mark& mark) {
        const auto file = file_as_marked(mark);
        return compare_with_ledger(entry, &file, false);
    };
    for (const auto& marked : {restoring, restored, partly})
        EXPECT_EQ(verdict(known, marked), ledger_verdict::as_known);
    for (const auto& unmarked : {archived_mark(), before_settling, archived_again(restored)})
        EXPECT_EQ(verdict(known, unmarked), ledger_verdict::unmarked);
    auto file = file_as_marked(restored);
    file.mark.mark.reset();
    EXPECT_EQ(compare_with_ledger(known, &file, false), ledger_verdict::unmarked);
    auto earlier = known; // a line of a version that wrote none when a restore ended
    earlier.restored = false;
    EXPECT_EQ(verdict(earlier, archived_mark()), ledger_verdict::as_known);
    // The transaction that deletes the last of its rows ends it, another one does not.
    EXPECT_TRUE(entry_of("a/events_2024-02-29.csv", partly, {}, "archived").restored);
    partly.restored->ends = true;
    EXPECT_FALSE(entry_of("a/events_2024-02-29.csv", partly, {}, "archived").restored);
    EXPECT_FALSE(entry_of("a/events_2024-02-29.csv", archived_again(restored), {}, "archived").restored);
    ledger_state state;
    state.note(known);
    EXPECT_TRUE(state.restored().contains("events_2024-02-29.csv"));
    state.note(known_entry());
    EXPECT_TRUE(state.restored().empty());
}

TEST(compare_with_ledger, misses_nothing_of_a_file_without_rows) {
    auto empty = known_entry();
    empty.now.rows = 0;
    EXPECT_EQ(compare_with_ledger(empty, nullptr, false), ledger_verdict::as_known);
    auto older = archived_mark();
    older.now.position.lsn -= 1;
    older.now.run = "0193-other";
    const auto file = file_as_marked(older);
    EXPECT_EQ(compare_with_ledger(empty, &file, false), ledger_verdict::as_known);
    empty.word = ledger_word::erased; // its rows came back
    EXPECT_EQ(compare_with_ledger(empty, &file, false), ledger_verdict::older);
}

} // namespace
} // namespace lake
