// Turns the words of a command into values.
#pragma once

#include "app/cli/command_line.hpp"
#include "app/cli/commands.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace app {

using texts_by_flag = std::map<std::string, std::string, std::less<>>;

// Only what was given, an empty text too.
struct command_words {
    app::command command = app::command::help;
    texts_by_flag settings;             // flags that are settings
    texts_by_flag flags;                // those of the command itself
    std::vector<std::string> arguments; // of a command that takes any number
    std::string argument = {};          // of one that takes one
};

// The command, or the first mistake.
[[nodiscard]] std::variant<command_line, std::string> read_command(command_words given);

// The mistake of `--flag=` with nothing after it.
[[nodiscard]] std::string empty_value(std::string_view flag);

} // namespace app
