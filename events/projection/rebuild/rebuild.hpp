// New tables of a projection beside the live ones, and their swap in one transaction: readers see the old
// tables or the new ones at any time. Tables that `archive` moves rows out of are refilled in place instead.
// docs/projections.md says what becomes of it if the process dies.
// Tested by tests/integration/test_rebuild_refusals.py and tests/fault/test_projection_kills.py.
#pragma once

#include "async/log.hpp"
#include "events/projection/projection_session.hpp"
#include "events/projection/rebuild/replay.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <functional>
#include <string>

namespace events {

class projection_stream;

struct rebuild_request {
    named_projection which;
    replay_start from;
    std::string worker;
    // Called once all checks have passed, before events are read; may be empty.
    std::function<void()> prepared;
    // Called with each stream that begins to apply events, and with null at its end; may be empty.
    std::function<void(const projection_stream*)> applying;
};

// Returns once swapped. `session` is for this alone. A rebuild that was begun before is discarded; if its
// process is still at work, that one ends with async::error(locked). Throws async::error(precondition), with
// names, if something depends on the old tables, if files name tables by their schema, or if the journal no
// longer has all events.
[[nodiscard]] awaitable<void> rebuild_projection(projection_session& session, journal& of,
                                                 rebuild_request request, async::log& log);

// The rebuild for `replay_from = archive`: a replay, which returns once everything is applied that the topics
// have now. Rows that are there stay. Throws async::error(precondition) for a projection that is paused.
[[nodiscard]] awaitable<void> refill_projection(projection_session& session, journal& of,
                                                rebuild_request request, async::log& log);

} // namespace events
