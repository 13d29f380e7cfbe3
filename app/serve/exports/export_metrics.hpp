// The metrics of exports in /metrics.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/serve/exports/run_book.hpp"
#include "exports/run/run_desk.hpp"
#include "telemetry/metric.hpp"

#include <vector>

namespace app {

[[nodiscard]] std::vector<telemetry::metric> metrics_of(const run_book& book, const exports::run_desk& desk);

} // namespace app
