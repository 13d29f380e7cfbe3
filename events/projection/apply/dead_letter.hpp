// Events that SQL refused, in event_archiver.dead_letter: with the reason, until somebody applies or drops
// them.
// Tested by tests/unit/events/projection/follow/engine_test.cpp and tests/integration/test_projections.py.
#pragma once

#include "db/session_scope.hpp"
#include "events/projection/apply/apply_plugins.hpp"
#include "events/projection/definition.hpp"
#include "events/projection/position_row.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace events {

struct dead_letter {
    position_key key;
    recorded_event refused;
    std::string sqlstate;
    std::string reason;    // the server's words, which may hold values of the event
    std::string failed_at; // ISO 8601, UTC; as it was read
    std::string journal;   // the event's; empty: not known
};

// Another journal had an event at the same position, and its letter is still there.
[[nodiscard]] async::error letter_of_another_event(const position_key& key, position at);

// Writes it within a transaction. Replaces a letter of the same event; throws letter_of_another_event.
[[nodiscard]] awaitable<void> write_down(db::connection& session, dead_letter letter);

// The dead letters of `projection`, by topic, partition and position.
[[nodiscard]] awaitable<std::vector<dead_letter>> dead_letters(db::connection& session,
                                                               std::string projection);

// Selects letters of one topic and partition, or of all; at these positions, or at all.
struct letter_choice {
    std::string topic;                     // empty: of all
    std::optional<std::int32_t> partition; // nothing: of all
    std::vector<position> positions;       // none: at all
    std::vector<position> named;           // those of `positions` at which a letter has to be
};

// Returns how many letters are chosen. Throws async::error(precondition) where `which` has positions and no
// letter is at one that is named, or at any.
[[nodiscard]] awaitable<std::size_t> count_letters(db::connection& session, std::string projection,
                                                   letter_choice which);

struct retried_letters {
    // Which was applied without an answer to COMMIT: if it is gone, that was committed.
    std::optional<std::pair<position_key, position>> in_doubt;
    std::size_t applied = 0;
    std::size_t refused = 0;                                       // again: they stay, with the new reason
    plugin_patience patience{plugin_patience::scope::all_batches}; // with the plugins
};
// Applies the chosen letters again, in order, each in a transaction with its removal. Throws
// async::error(precondition) where a position is that of several letters. The session has no transaction
// before and after. Throws db::error for failures that no event has caused; `so_far` then has the letters
// that were committed before, in this call or an earlier one.
[[nodiscard]] awaitable<void> retry_letters(db::connection& session, const projection_definition& definition,
                                            std::string projection, letter_choice which,
                                            retried_letters& so_far, async::log& log);

// Removes the chosen letters, which have positions. Throws async::error(precondition) where a position is
// that of several letters.
[[nodiscard]] awaitable<void> drop_letters(db::connection& session, std::string projection,
                                           letter_choice which);

} // namespace events
