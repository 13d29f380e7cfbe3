// What stands in a projection's tables before it applies its first event.
// Tested by tests/integration/test_projection_beginnings.py.
#pragma once

#include "async/log.hpp"
#include "db/connection.hpp"
#include "events/journal/journal.hpp"
#include "events/projection/definition.hpp"
#include "events/projection/position_row.hpp"

#include <string>
#include <vector>

namespace events {

using async::awaitable;

struct rows_before {
    std::string tables; // of the projection, that have rows, as a list
    // The journals of which another group of the projection has applied events. Empty: no group has applied
    // any.
    std::vector<std::string> journals;

    // Whether events of the journal `id` may be in the rows.
    [[nodiscard]] bool may_be_of(const std::string& id) const;
};

// For a projection that has applied no event under this `name` of its positions. Without tables where none
// has rows, where it has applied events, or where applying one twice changes nothing (replay = keep). Throws
// async::error(precondition) if a projection that is not among `defined` has applied events of the same
// topics to one of them: its directory was renamed, and each event would be applied again. `defined` empty:
// not known.
[[nodiscard]] awaitable<rows_before> rows_before_the_first_event(db::connection& session,
                                                                 const projection_definition& which,
                                                                 std::string name,
                                                                 std::vector<std::string> defined);

// Events that the journal has removed before are in no table of this projection, and never will be.
void say_where_it_begins(async::log& log, const position_key& which, const extent& there);

} // namespace events
