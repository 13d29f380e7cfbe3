// Events that SQL refused, in event_archiver.dead_letter: with the reason, until somebody applies or drops
// them.
// Tested by tests/unit/events/projection/engine_test.cpp and tests/integration/test_projections.py.
#pragma once

#include "db/session_scope.hpp"
#include "events/projection/definition.hpp"
#include "events/projection/position_row.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace events {

struct dead_letter {
    position_key key;
    recorded_event refused;
    std::string sqlstate;
    std::string reason;    // the server's words, which may hold values of the event
    std::string failed_at; // ISO 8601, UTC; as it was read
};

// Within a transaction. What is there of the same event is replaced.
[[nodiscard]] awaitable<void> write_down(db::connection& session, dead_letter letter);

// Those of `projection`, by topic, partition and position. At most `count`, behind `after` of them.
[[nodiscard]] awaitable<std::vector<dead_letter>> dead_letters(db::connection& session,
                                                               std::string projection);

struct retried_letters {
    std::size_t applied = 0;
    std::size_t refused = 0; // again: they stay, with the new reason
};
// Applies the letters at `positions` (none: all) again, in order, each in a transaction with its removal. The
// session has no transaction before and after. Throws db::error for what is not about the events.
[[nodiscard]] awaitable<retried_letters> retry_letters(db::connection& session,
                                                       const projection_definition& definition,
                                                       std::string projection,
                                                       std::vector<position> positions, async::log& log);

// Removes the letters at `positions`; returns how many there were.
[[nodiscard]] awaitable<std::size_t> drop_letters(db::connection& session, std::string projection,
                                                  std::vector<position> positions);

} // namespace events
