// Metrics of a command that runs without end, delivered while it runs; best effort, as at its end.
// Tested by tests/integration/test_projection_metrics.py.
#pragma once

#include "app/settings/metrics_settings.hpp"
#include "async/asio.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "telemetry/metric.hpp"

#include <functional>
#include <vector>

namespace app {

// Asks `look` and delivers what it gives, at once and then every 15 s, without end. The file keeps the time
// of the last success. A failed delivery is a warning, once until one succeeds again. All that is referred to
// must outlive it.
[[nodiscard]] async::awaitable<void> keep_delivering(const metrics_settings& to,
                                                     std::function<std::vector<telemetry::metric>()> look,
                                                     async::helper_thread& files, async::log& log);

} // namespace app
