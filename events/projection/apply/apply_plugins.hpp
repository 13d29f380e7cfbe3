// A projection's plugins over the events of a batch that it has applied. A plugin that fails affects only its
// own tables.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "async/log.hpp"
#include "events/projection/apply/apply_events.hpp"
#include "events/projection/apply/bisection.hpp"
#include "events/projection/apply/plugin_patience.hpp"
#include "events/projection/definition.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace events {

[[nodiscard]] events_to_apply part_of(const events_to_apply& whole, event_range range);

// Ranges that a statement may take in one piece: where it asks for positions, $4 says where they begin, so
// none may be missing in between.
[[nodiscard]] std::vector<event_range> runs_of(std::vector<event_range> ranges, event_list events,
                                               const apply_sql& sql);

struct plugin_batch {
    std::string projection;
    position first = 0;
    events_to_apply events;
    std::vector<event_range> accepted;   // of the events: the others are dead letters
    plugin_patience* patience = nullptr; // null: such an error is thrown each time
};

// Within a transaction; constraints that were put off are checked. Returns events times plugins that were
// refused: a plugin whose statements are wrong, whatever the events are, is left out of the batch. Logs each
// plugin that failed. Throws db::error for what ends the transaction. What a plugin sets is set back behind
// it.
[[nodiscard]] awaitable<std::size_t> apply_plugins(db::connection& session,
                                                   const std::vector<plugin>& plugins,
                                                   const plugin_batch& batch, async::log& log);

} // namespace events
