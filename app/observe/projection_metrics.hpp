// The metrics of projections. docs/metrics.md lists all.
// Tested by tests/integration/test_projections.py.
#pragma once

#include "events/projection/follow/stream.hpp"
#include "telemetry/metric.hpp"

#include <chrono>
#include <span>
#include <vector>

namespace app {

[[nodiscard]] std::vector<telemetry::metric> metrics_of(std::span<const events::stream_progress> streams,
                                                        std::chrono::system_clock::time_point now);

} // namespace app
