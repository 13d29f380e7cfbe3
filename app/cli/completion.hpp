// `event-archiver completion SHELL`: scripts made from the tables of commands and options. They are static;
// nothing of the program runs when Tab is
// pressed, and so no day is offered: which days are archived is known to the storage account alone.
//
// Ours because CLI11 makes no completions. Replace it when it does.
// Tested by tests/unit/app/cli/commands_test.cpp and tests/integration/test_completion.py.
#pragma once

#include <string>
#include <string_view>

namespace app {

// `shell`: bash, zsh or fish; empty for any other.
[[nodiscard]] std::string completion_script(std::string_view shell);

} // namespace app
