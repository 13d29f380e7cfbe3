// `event-archiver completion SHELL`: scripts made from the tables of commands and options. They are static:
// the program does not run when Tab is pressed. So they offer no day: only the storage account knows which
// days are archived.
// Ours because CLI11 makes no completions. Replace it when it does.
// Tested by tests/unit/app/cli/commands_test.cpp and tests/integration/test_completion.py.
#pragma once

#include <string>
#include <string_view>

namespace app {

// `shell`: bash, zsh or fish; empty for any other.
[[nodiscard]] std::string completion_script(std::string_view shell);

} // namespace app
