// `export` and `recover --exports`: runs tasks one after the other, and turns their end into output, log
// lines and an exit code.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/settings/configuration.hpp"
#include "exports/report.hpp"

#include <span>
#include <string>
#include <vector>

namespace app {

// The exit code. Never throws.
[[nodiscard]] int run_exports(const command_line& request, const configuration& settings);

// If several tasks fail, the first of these codes counts: 7, 12, 2, 3, 4, 1, 5, 10.
[[nodiscard]] int exit_code_of(std::span<const exports::task_report> reports);

} // namespace app
