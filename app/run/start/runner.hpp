// The commands about the archive: archive, plan, recover, restore, list, verify, check.
// Tested by tests/integration/test_output.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"

namespace app {

// Runs the command to its end; the exit code. Never throws.
[[nodiscard]] int run(const command_line& request, const configuration& settings);

} // namespace app
