// `event-archiver completion SHELL`: scripts made from the tables of commands and settings. Names of archived
// days, topics, tasks and projections are no part of them: they ask the program (app/cli/offered_names.hpp).
// Ours because CLI11 makes no completions. Replace it when it does.
// Tested by tests/unit/app/cli/commands_test.cpp and tests/integration/test_completion.py.
#pragma once

#include <string>
#include <string_view>

namespace app {

// `shell`: bash, zsh or fish; empty for any other.
[[nodiscard]] std::string completion_script(std::string_view shell);

[[nodiscard]] std::string bash_completion();
[[nodiscard]] std::string zsh_completion();
[[nodiscard]] std::string fish_completion();

} // namespace app
