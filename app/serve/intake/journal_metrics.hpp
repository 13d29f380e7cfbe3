// The metrics of the journal in /metrics.
// Tested by tests/integration/test_events_api.py.
#pragma once

#include "app/serve/intake/intake.hpp"
#include "events/journal/journal.hpp"
#include "telemetry/metric.hpp"

#include <vector>

namespace app {

[[nodiscard]] std::vector<telemetry::metric> metrics_of(const intake& events_in);
// Counters of the engine itself: syncs of segments, or producers of Kafka that were replaced.
[[nodiscard]] std::vector<telemetry::metric> metrics_of(const events::journal_figures& engine, bool in_kafka);

} // namespace app
