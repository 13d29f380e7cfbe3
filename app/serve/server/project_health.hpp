// The probes of `project`: /livez, /readyz, /health and /metrics at PROJECT_HEALTH_PORT.
// Tested by tests/integration/test_project_health.py.
#pragma once

#include "app/run/projections/projection_work.hpp"

namespace app {

// Listens, and answers until it is cancelled. Throws async::error as http::server does. What the view refers
// to must outlive it.
[[nodiscard]] async::awaitable<void> serve_health(projecting_view view);

} // namespace app
