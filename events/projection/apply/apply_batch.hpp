// One batch of one partition in one transaction: the position, the effect, the plugins, the dead letters.
// docs/projections.md says what happens if the process dies.
// Tested by tests/unit/events/projection/follow/engine_test.cpp and tests/fault/test_projection_kills.py.
#pragma once

#include "async/log.hpp"
#include "db/connection.hpp"
#include "events/projection/apply/apply_plugins.hpp"
#include "events/projection/apply/batch_values.hpp"
#include "events/projection/apply/write_conflicts.hpp"
#include "events/projection/definition.hpp"
#include "events/projection/position_row.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

namespace events {

// What all batches of a stream have in common; the definition must outlive it.
struct batch_target {
    const projection_definition& definition;
    position_key key;
    std::string journal;
    std::string worker;
    std::string schema; // where names are found first; empty: none
    // The OID of `schema`: a schema of that name that another process has made is not written to.
    std::string schema_oid;
    std::string mark;            // of the last event before the batch, as the row has it; empty: not known
    std::int64_t read_files = 0; // as the row has it
    plugin_patience* patience = nullptr;  // of the stream, with its plugins; may be null
    std::string locked_tables{};          // as LOCK TABLE takes them, before the snapshot; empty: none
    write_conflicts* conflicts = nullptr; // is told whether they were locked; may be null
};

struct batch_report {
    bool fenced = false;    // nothing was done: the position is elsewhere, or another process is at work
    position next = 0;      // behind what was applied
    std::size_t events = 0; // applied or written down as dead letters
    std::size_t dead_letters = 0;
    std::size_t plugin_failures = 0; // events times plugins
    std::string mark;                // of the last event before `next`; empty: not known
    std::string
        blocked_by; // why the event at `next` is refused, with on_error = block; has none of its values
};

// More refused events than this in one batch mean that apply.sql is wrong, and not the events.
inline constexpr std::size_t dead_letters_max = 100;

// Applies `events`, which may be empty, from `from` up to `to`, on a session without a transaction. Throws
// db::error, after which nothing is committed, unless it says outcome_unknown(): then the position shows the
// outcome. Throws async::error(precondition) for more than dead_letters_max refused events, and locked if
// `schema` is no longer the same one. The session has no transaction afterwards if it is still usable.
[[nodiscard]] awaitable<batch_report> apply_batch(db::connection& session, const batch_target& target,
                                                  event_list events, position from, position to,
                                                  async::log& log);

// The same within a transaction that the caller ends. Each refused event costs a savepoint. Afterwards
// search_path and other settings are set for the projection's own statements.
[[nodiscard]] awaitable<batch_report> apply_within(db::connection& session, const batch_target& target,
                                                   event_list events, position from, position to,
                                                   async::log& log);

} // namespace events
