// `event-archiver help man`: the man page in roff, made from the tables of commands, options and exit codes.
// Tested by tests/unit/app/cli/commands_test.cpp.
#pragma once

#include <string>

namespace app {

[[nodiscard]] std::string man_page();

} // namespace app
