// Wires the rooms together for one run, and turns its end into log lines and an exit code.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"

namespace app {

// Runs `archive` or `recover` to its end. Never throws.
[[nodiscard]] int run(const command_line& what, const configuration& settings);

// Logs every mistake as the run would have logged it, with the summary of a run that did not begin.
[[nodiscard]] int refuse(const command_line& what, const std::vector<std::string>& mistakes,
                         const configuration& settings);

} // namespace app
