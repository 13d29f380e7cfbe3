// The parts of `help` that are not about one command.
// Tested by tests/unit/app/cli/help_test.cpp.
#pragma once

#include <cstddef>
#include <string>

namespace app {

// Lines are shorter than `width` columns; 0: of any length.
// `help environment`: every setting, its flag, its default.
[[nodiscard]] std::string environment_help(std::size_t width);
// `help exit-codes`
[[nodiscard]] std::string exit_codes_help(std::size_t width);

} // namespace app
