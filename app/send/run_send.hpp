// The command `send`.
// Tested by tests/integration/test_send.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"

namespace app {

// The exit code.
[[nodiscard]] int run_send(const command_line& request, const configuration& settings);

} // namespace app
