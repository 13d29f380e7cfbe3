// The flags of a command as completion sees them, and how their texts are quoted in a script.
// Tested by tests/integration/test_completion.py.
#pragma once

#include "app/cli/commands.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// A flag of a setting or of the command.
struct completed_flag {
    std::string_view name;
    std::string_view short_name = {};
    std::string_view value = {}; // "DAY"; empty: a switch
    std::string_view help = {};
    std::span<const std::string_view> choices = {};
    name_kind names = name_kind::none; // beside the choices
    bool several = false;              // its value is a list, separated by commas
};
[[nodiscard]] std::vector<completed_flag> completed_flags(const command_info& info);

enum class value_kind : unsigned char {
    words, // its choices and names; any value if it has neither
    file,
    directory,
};
[[nodiscard]] value_kind kind_of_value(const completed_flag& flag) noexcept;

[[nodiscard]] std::string command_names(std::string_view separator);
// One line, without the backticks.
[[nodiscard]] std::string help_line(std::string_view help);
[[nodiscard]] std::string with_backslashes(std::string_view text, std::string_view special);
// In single quotes, for any of the three shells; `special`: the characters that have a meaning in the text
// around it.
[[nodiscard]] std::string in_quotes(std::string_view text, std::string_view special = {});

} // namespace app
