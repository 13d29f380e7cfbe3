// The events that a replay leaves out, because `archive` has moved their rows into the lake.
// Tested by tests/integration/test_archived_events.py.
#pragma once

#include "app/run/connections.hpp"
#include "app/settings/configuration.hpp"
#include "async/log.hpp"
#include "events/projection/definition.hpp"

#include <string>

namespace app {

// The lake, where settings name one.
[[nodiscard]] std::optional<lake_place> lake_of_replay(const configuration& settings);

// Their times as a tstzrange[]: the times of the rows in the lake, or without a lake everything before the
// cutoff that `archive` would use now. `{}` for a projection that does not say `replay_from = archive`.
// Throws async::error(precondition) if its tables are not the one that ARCHIVE_TABLE names, or if the lake
// has rows of a run that was interrupted.
[[nodiscard]] async::awaitable<std::string> archived_ranges(const events::projection_definition& which,
                                                            const configuration& settings, connections& with,
                                                            async::log& log);

} // namespace app
