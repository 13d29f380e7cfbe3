// What /metrics tells of the journal.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/serve/intake.hpp"
#include "telemetry/metric.hpp"

#include <vector>

namespace app {

[[nodiscard]] std::vector<telemetry::metric> metrics_of(const intake& events_in);

} // namespace app
