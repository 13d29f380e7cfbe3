// Ends a run before it begins, because its settings are wrong.
// Tested by tests/integration/test_settings.py.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"

#include <string>
#include <vector>

namespace app {

// Logs every mistake as the run would have logged it, with the summary of a run that did not begin. Returns
// the exit code.
[[nodiscard]] int refuse(const command_line& request, const std::vector<std::string>& mistakes,
                         const configuration& settings);

} // namespace app
