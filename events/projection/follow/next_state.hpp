// What a stream knows of its position, and what becomes of that: pure functions. The stream gathers the facts
// and carries out the answers.
// Tested by tests/unit/events/projection/follow/next_state_test.cpp.
#pragma once

#include "events/projection/apply/apply_batch.hpp"
#include "events/projection/follow/stream_progress.hpp"
#include "events/projection/position_row.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace events {

struct known_position {
    // As the row had it when it was looked at, or as our own batch has left it.
    position next = 0;           // of the first event that is not applied
    std::string mark;            // of the event that was applied last; empty: not known
    position replay_until = 0;   // events before it may be left out: see replay_mark
    std::string worker;          // which moved it last; our own batches do not count
    std::int64_t read_files = 0; // what the row asked for
    std::string note;            // the reason of a position that is not failed

    stream_state state = stream_state::starting;
    std::string reason; // of `failed`
    // Our journal has the event of `mark`. Before that is known, nothing is applied behind it.
    bool is_compared = true;
    bool files_are_read = true;                 // since the row last asked for it
    std::optional<std::int64_t> unusable_for{}; // what the row asked for when our files could not be used
};

struct look_outcome {
    known_position known;
    bool has_moved = false;            // what was read of the topic begins elsewhere
    bool has_new_note = false;         // of a rebuild that nobody waited for: to be logged
    bool was_stopped_by_other = false; // another process has noted a failure: to be logged
};

// After a look at the row.
[[nodiscard]] look_outcome next_state(known_position known, const position_row& row);

// Whether the row is `failed` because another process cannot use its files, and this one can use its own, or
// has not tried since a command asked to read them again: then it undoes that.
[[nodiscard]] bool can_go_on_beside(const known_position& known, const position_row& row) noexcept;

// After a batch that was committed.
[[nodiscard]] known_position after_batch(known_position known, const batch_report& report);
// After the files were read that the row asks for, and can be used.
[[nodiscard]] known_position with_files_read(known_position known) noexcept;
// After a failure that only a person can put right.
[[nodiscard]] known_position after_failure(known_position known, std::string reason);
[[nodiscard]] bool is_news(const known_position& known, const std::string& failure) noexcept;
// What is written into the row then: processes with other files go on beside unusable ones.
[[nodiscard]] std::string reason_to_note(const known_position& known);

} // namespace events
