// The parts of `help` that are not about one command.
// Tested by tests/unit/app/cli/command_line_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace app {

[[nodiscard]] std::string_view examples() noexcept;
// Those of one command; empty if it has none.
[[nodiscard]] std::string examples_of(std::string_view command);
// CLI11's help of one command as a person reads it: with the program's name, and without the value that a
// flag sets, which it shows as --dry-run{true}. Pure.
[[nodiscard]] std::string readable_help(std::string_view text);
// `help environment`: every setting, its flag, its default.
[[nodiscard]] std::string environment_help();
// `help exit-codes`
[[nodiscard]] std::string exit_codes_help();

} // namespace app
