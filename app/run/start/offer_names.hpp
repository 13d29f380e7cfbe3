// `completion days`, `files`, `topics`, `tasks` and `projections`: the names that a shell offers at TAB.
// Tested by tests/integration/test_completion.py.
#pragma once

#include "app/cli/command_line.hpp"

namespace app {

// Prints them, a line each, and returns the exit code. Gives up after a few seconds. Writes no file, and asks
// no database.
[[nodiscard]] int offer_names(const command_line& request);

} // namespace app
