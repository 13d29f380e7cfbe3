// Events that have been applied are applied again, in place. docs/projections.md says what happens if the
// process dies.
// Tested by tests/integration/test_replays.py and test_archived_events.py.
#pragma once

#include "async/log.hpp"
#include "events/projection/control.hpp"

#include <optional>
#include <string>

namespace events {

// The point from which events are applied again.
struct replay_start {
    std::optional<position> at;
    std::optional<event_time> time; // the first event that was accepted then or later
    // A tstzrange[] for $7 of apply.sql. Events of these times were applied before, and their rows were moved
    // out of the tables since.
    std::string left_out = "{}";
    // Allows removing rows of the tables that no event of the journal explains.
    bool only_events = false;
};

// Sets the position back, in one transaction with what the projection's `replay` setting says of its tables.
// Throws async::error(precondition) where its tables cannot come back from this journal: events have been
// removed, or it is another journal, or `tables` is empty, or they have rows that no event explains;
// integrity, where the journal was put back.
[[nodiscard]] awaitable<void> replay_projection(db::connection& session, journal& of, named_projection which,
                                                replay_start from, async::log& log);

// The position of `from` in a partition, which has `there`.
[[nodiscard]] awaitable<position> find_start(topic& of, std::int32_t partition, extent there,
                                             replay_start from);

} // namespace events
