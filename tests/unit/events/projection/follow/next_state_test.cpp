#include "events/projection/follow/next_state.hpp"
#include "events/projection/position_state.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace events {
namespace {

known_position running_at_7() {
    known_position known;
    known.next = 7;
    known.mark = "6 of this";
    known.read_files = 1;
    known.state = stream_state::running;
    return known;
}

position_row row_at_7() {
    position_row row;
    row.next = 7;
    row.mark = "6 of this";
    row.read_files = 1;
    row.state = "running";
    return row;
}

// What is known before, what the row says, and what is known then.
struct look {
    const char* what;
    std::function<void(known_position&)> before;
    std::function<void(position_row&)> row;
    stream_state state = stream_state::running;
    const char* reason = "";
    bool is_compared = true;
    bool files_are_read = true;
    bool has_moved = false;
    bool has_new_note = false;
    bool was_stopped_by_other = false;
};

const auto nothing = [](auto&) {};
const auto fails = [](position_row& row) {
    row.state = "failed";
    row.reason = "no table";
};

const look looks[] = {
    {.what = "nothing has changed", .before = nothing, .row = nothing},
    {.what = "the first look",
     .before = [](known_position& known) { known.state = stream_state::starting; },
     .row = nothing},
    {.what = "another process has taken the position on",
     .before = nothing,
     .row =
         [](position_row& row) {
             row.next = 9;
             row.mark = "8 of this";
         },
     .is_compared = false,
     .has_moved = true},
    {.what = "it was set back",
     .before = nothing,
     .row = [](position_row& row) { row.next = 0; },
     .is_compared = false,
     .has_moved = true},
    {.what = "it stands where it was, behind another event",
     .before = nothing,
     .row = [](position_row& row) { row.mark = "6 of another"; },
     .is_compared = false},
    {.what = "what was not compared before stays so",
     .before = [](known_position& known) { known.is_compared = false; },
     .row = nothing,
     .is_compared = false},
    {.what = "a command asks to read the files again",
     .before = nothing,
     .row = [](position_row& row) { row.read_files = 2; },
     .files_are_read = false},
    {.what = "it has asked before, and they could not be read since",
     .before = [](known_position& known) { known.files_are_read = false; },
     .row = nothing,
     .files_are_read = false},
    {.what = "a person has paused it",
     .before = nothing,
     .row = [](position_row& row) { row.state = "paused"; },
     .state = stream_state::paused},
    {.what = "a person has resumed it",
     .before = [](known_position& known) { known.state = stream_state::paused; },
     .row = nothing},
    {.what = "another process notes a failure",
     .before = nothing,
     .row = fails,
     .state = stream_state::failed,
     .reason = "no table",
     .was_stopped_by_other = true},
    {.what = "the failure that this process has noted",
     .before = [](known_position& known) { known.state = stream_state::failed; },
     .row = fails,
     .state = stream_state::failed,
     .reason = "no table"},
    {.what = "the failure could not be noted, and may have passed",
     .before = [](known_position& known) { known.state = stream_state::failed; },
     .row = nothing},
    {.what = "our files cannot be used, and another process goes on with its own",
     .before =
         [](known_position& known) {
             known.state = stream_state::failed;
             known.reason = "line 3";
             known.unusable_for = 1;
         },
     .row = nothing,
     .state = stream_state::failed,
     .reason = "line 3"},
    {.what = "a command has asked to read them again since",
     .before =
         [](known_position& known) {
             known.state = stream_state::failed;
             known.unusable_for = 1;
         },
     .row = [](position_row& row) { row.read_files = 2; },
     .files_are_read = false},
    {.what = "our files cannot be used, and a person has paused it",
     .before = [](known_position& known) { known.unusable_for = 1; },
     .row = [](position_row& row) { row.state = "paused"; },
     .state = stream_state::paused},
    {.what = "a rebuild came to nothing",
     .before = nothing,
     .row = [](position_row& row) { row.reason = "no room"; },
     .has_new_note = true},
    {.what = "that was told before",
     .before = [](known_position& known) { known.note = "no room"; },
     .row = [](position_row& row) { row.reason = "no room"; }},
    {.what = "this process has stood by",
     .before = [](known_position& known) { known.state = stream_state::standing_by; },
     .row = nothing},
};

TEST(next_state, follows_the_row) {
    for (const auto& each : looks) {
        SCOPED_TRACE(each.what);
        auto known = running_at_7();
        each.before(known);
        auto row = row_at_7();
        each.row(row);
        const auto seen = next_state(known, row);
        EXPECT_EQ(seen.known.state, each.state);
        EXPECT_EQ(seen.known.is_compared, each.is_compared);
        EXPECT_EQ(seen.known.files_are_read, each.files_are_read);
        EXPECT_EQ(seen.has_moved, each.has_moved);
        EXPECT_EQ(seen.has_new_note, each.has_new_note);
        EXPECT_EQ(seen.was_stopped_by_other, each.was_stopped_by_other);
        EXPECT_EQ(seen.known.next, row.next);
        EXPECT_EQ(seen.known.mark, row.mark);
        EXPECT_EQ(seen.known.read_files, row.read_files);
        if (each.state == stream_state::failed) {
            EXPECT_EQ(seen.known.reason, each.reason);
        }
    }
}

TEST(next_state, a_note_that_was_taken_back_may_be_told_again) {
    auto row = row_at_7();
    row.reason = "no room";
    auto seen = next_state(running_at_7(), row);
    EXPECT_TRUE(seen.has_new_note);
    row.reason.clear();
    seen = next_state(seen.known, row);
    EXPECT_FALSE(seen.has_new_note);
    row.reason = "no room";
    EXPECT_TRUE(next_state(seen.known, row).has_new_note);
}

TEST(next_state, who_can_use_its_files_goes_on_beside_who_cannot) {
    struct {
        const char* what;
        stream_state known;
        std::int64_t asked; // by the row
        const char* state;
        std::string reason;
        bool expected;
    } const cases[] = {
        {"it runs", stream_state::running, 1, "failed", unusable_files("line 3"), true},
        {"it stands by", stream_state::standing_by, 1, "failed", unusable_files("line 3"), true},
        {"its own files cannot be used", stream_state::failed, 1, "failed", unusable_files("line 3"), false},
        {"a command has asked since", stream_state::failed, 2, "failed", unusable_files("line 3"), true},
        {"apply.sql fails", stream_state::running, 1, "failed", "no table", false},
        {"nothing has failed", stream_state::running, 1, "running", unusable_files("line 3"), false},
        {"a person has paused it", stream_state::running, 1, "paused", unusable_files("line 3"), false},
    };
    for (const auto& each : cases) {
        SCOPED_TRACE(each.what);
        auto known = running_at_7();
        known.state = each.known;
        auto row = row_at_7();
        row.read_files = each.asked;
        row.state = each.state;
        row.reason = each.reason;
        EXPECT_EQ(can_go_on_beside(known, row), each.expected);
    }
}

TEST(next_state, our_own_batch_needs_no_comparison) {
    batch_report report;
    report.next = 9;
    report.mark = "8 of this";
    const auto known = after_batch(running_at_7(), report);
    auto row = row_at_7();
    row.next = 9;
    row.mark = "8 of this";
    const auto seen = next_state(known, row);
    EXPECT_FALSE(seen.has_moved);
    EXPECT_TRUE(seen.known.is_compared);
}

TEST(next_state, a_failure_is_news_once) {
    auto known = running_at_7();
    EXPECT_TRUE(is_news(known, "no table"));
    known = after_failure(known, "no table");
    EXPECT_EQ(known.state, stream_state::failed);
    EXPECT_FALSE(is_news(known, "no table"));
    EXPECT_TRUE(is_news(known, "no right"));
}

TEST(next_state, processes_with_other_files_are_told_which_failures_are_of_files) {
    auto known = after_failure(running_at_7(), "line 3");
    EXPECT_EQ(reason_to_note(known), "line 3");
    known.unusable_for = known.read_files;
    EXPECT_TRUE(is_of_unusable_files(reason_to_note(known)));
    known = with_files_read(known);
    EXPECT_EQ(reason_to_note(known), "line 3");
}

} // namespace
} // namespace events
