// The command `journal`.
// Tested by tests/integration/test_journal_command.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"

namespace app {

// The exit code.
[[nodiscard]] int run_journal(const command_line& request, const configuration& settings);

} // namespace app
