// What stands in a projection's tables before it applies its first event.
// Tested by tests/integration/test_projection_beginnings.py.
#pragma once

#include "db/connection.hpp"
#include "events/projection/definition.hpp"

#include <string>
#include <vector>

namespace events {

using async::awaitable;

// The projection's tables that have rows although it has applied no event under any group, as a list; empty:
// none has, or applying an event twice changes nothing (replay = keep). Throws async::error(precondition) if
// a projection that is not among `defined` has applied events of the same topics to one of them: its
// directory was renamed, and each event would be applied again. `defined` empty: not known.
[[nodiscard]] awaitable<std::string> rows_before_the_first_event(db::connection& session,
                                                                 const projection_definition& which,
                                                                 std::vector<std::string> defined);

} // namespace events
