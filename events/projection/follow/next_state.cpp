#include "events/projection/follow/next_state.hpp"

#include "events/projection/position_state.hpp"

#include <utility>

namespace events {

namespace {

bool applies(stream_state state) noexcept {
    return state == stream_state::running || state == stream_state::standing_by;
}

stream_state state_of(const known_position& known, const position_row& row) noexcept {
    if (row.state == "paused")
        return stream_state::paused;
    return row.state == "failed" || known.unusable_for == row.read_files ? stream_state::failed
                                                                         : stream_state::running;
}

} // namespace

look_outcome next_state(known_position known, const position_row& row) {
    const bool has_failed = row.state == "failed";
    auto note = has_failed ? std::string() : row.reason;
    look_outcome seen;
    seen.has_moved = row.next != known.next;
    seen.has_new_note = !note.empty() && note != known.note;
    seen.was_stopped_by_other = has_failed && known.state != stream_state::failed;

    known.is_compared = known.is_compared && !seen.has_moved && row.mark == known.mark;
    known.files_are_read = known.files_are_read && row.read_files == known.read_files;
    known.next = row.next;
    known.mark = row.mark;
    known.replay_until = row.replay_until;
    known.worker = row.worker;
    known.read_files = row.read_files;
    known.note = std::move(note);
    known.state = state_of(known, row);
    if (has_failed)
        known.reason = row.reason;
    seen.known = std::move(known);
    return seen;
}

bool can_go_on_beside(const known_position& known, const position_row& row) noexcept {
    const bool was_asked = row.read_files != known.read_files;
    return (applies(known.state) || was_asked) && row.state == "failed" && is_of_unusable_files(row.reason);
}

known_position after_batch(known_position known, const batch_report& report) {
    known.next = report.next;
    known.mark = report.mark;
    return known;
}

known_position with_files_read(known_position known) noexcept {
    known.files_are_read = true;
    known.unusable_for.reset();
    return known;
}

known_position after_failure(known_position known, std::string reason) {
    known.state = stream_state::failed;
    known.reason = std::move(reason);
    return known;
}

bool is_news(const known_position& known, const std::string& failure) noexcept {
    return known.state != stream_state::failed || failure != known.reason;
}

std::string reason_to_note(const known_position& known) {
    return known.unusable_for == known.read_files ? unusable_files(known.reason) : known.reason;
}

} // namespace events
