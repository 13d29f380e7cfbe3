// The queries that `serve` answers, as the files of projections have them.
// Tested by tests/integration/test_queries.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "events/projection/definition.hpp"
#include "events/queries/query_set.hpp"

#include <vector>

namespace app {

// Of these projections; those with a mistake that keeps them from running add it to the mistakes of the set.
// A route that the service itself has is a mistake. Asks no database. Blocks.
[[nodiscard]] events::query_set served_queries(const std::vector<events::projection_definition>& definitions,
                                               const configuration& settings);

} // namespace app
