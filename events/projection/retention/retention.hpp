// Decides which events a journal may remove: none that a projection still has to apply, even if the database
// crashes now. docs/journal.md has the table of decisions. Tested by
// tests/unit/events/projection/retention/retention_test.cpp.
#pragma once

#include "db/session_scope.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/retention/kept_events.hpp"
#include "events/projection/retention/readers.hpp"

#include <cstdint>

namespace events {

// Which topics: those that this process writes to, or in a cluster those that are awaited, whose positions
// are shown there.
enum class retained : std::uint8_t { written_topics, awaited_topics };

// Lets each topic remove the events that it may, but none while a replay or a rebuild sets a position.
// `database` is null for a server without one. `notes` becomes what stays beyond the journal's limits, and
// what is missed. Throws what the database or the journal throws.
[[nodiscard]] awaitable<void> retain_once(journal& of, const db::database_access* database,
                                          const known_readers& readers, retention_notes& notes,
                                          retained which = retained::written_topics);

// The same every 10 s, without end. While the database does not answer, no event is removed, which is logged
// once. Kept events are logged once for each topic, unless the position that keeps them moves on. For the
// process that writes the journal.
[[nodiscard]] awaitable<void> keep_retention(journal& of, const db::database_access* database,
                                             known_readers readers, async::log& log,
                                             retained which = retained::written_topics);

} // namespace events
