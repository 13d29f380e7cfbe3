// The commands about projections: project, projections, dead-letters, migrate.
// Tested by tests/integration/test_projections.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/run/projections/projection_work.hpp"
#include "app/settings/configuration.hpp"

namespace app {

// Runs the command to its end; the exit code. Never throws. `health` is for a `project` that listens.
[[nodiscard]] int run_projections(const command_line& request, const configuration& settings,
                                  health_server health);

} // namespace app
