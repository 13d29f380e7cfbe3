// The metrics of the server and its process in /metrics.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "http/server/server.hpp"
#include "telemetry/metric.hpp"

#include <chrono>
#include <vector>

namespace app {

[[nodiscard]] std::vector<telemetry::metric> metrics_of(const http::server& server,
                                                        std::chrono::system_clock::time_point started);

} // namespace app
