// The metrics of a run of `export`, besides how it ended.
// Tested by tests/integration/test_metrics.py.
#pragma once

#include "exports/report.hpp"
#include "telemetry/metric.hpp"

#include <span>
#include <vector>

namespace app {

// docs/metrics.md lists them. Those by task are of the tasks of this run.
[[nodiscard]] std::vector<telemetry::metric> metrics_of(std::span<const exports::task_report> reports);

} // namespace app
