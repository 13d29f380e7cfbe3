// A projection's plugins over the events of a batch that it has applied. A plugin that fails affects only its
// own tables.
// Tested by tests/unit/events/projection/engine_test.cpp.
#pragma once

#include "async/log.hpp"
#include "events/projection/apply_events.hpp"
#include "events/projection/bisection.hpp"
#include "events/projection/definition.hpp"

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace events {

[[nodiscard]] events_to_apply part_of(const events_to_apply& whole, event_range range);

// Ranges that a statement may take in one piece: where it asks for positions, $4 says where they begin, so
// none may be missing in between.
[[nodiscard]] std::vector<event_range> runs_of(std::vector<event_range> ranges, event_list events,
                                               const apply_sql& sql);

// Errors that all of a batch is tried again for, a deadlock or a full disk, and how often it was for plugins:
// a plugin that goes on so is left out. So is one that ends its session each time.
struct plugin_patience {
    position batch = -1; // that it is about: where it begins
    int tries = 0;
    std::map<std::string, int, std::less<>> ended_sessions; // by plugin
    bool of_all_batches = false;                            // until it is set back
};

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
