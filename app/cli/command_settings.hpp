// Which settings a command uses, and so takes as flags. The environment is the same for all commands.
// Tested by tests/unit/app/cli/commands_test.cpp.
#pragma once

#include "app/cli/commands.hpp"
#include "app/settings/options.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace app {

// In the order of the table of settings.
[[nodiscard]] std::vector<const option*> settings_of(const command_info& info);

// The heading of a setting in this command's help.
[[nodiscard]] std::string_view heading_in(command which, const option& setting) noexcept;

// What a setting does in this command: the words of the table of settings, unless it does something else
// here.
[[nodiscard]] std::string_view help_in(command which, const option& setting) noexcept;

// `recover` works on the archive or, with --exports, on exports. The first of these flags that the one it
// works on does not use, or empty.
[[nodiscard]] std::string_view unused_by_recover(bool exports, const std::vector<std::string_view>& flags);

// The commands that take this flag, "archive, plan"; empty: there is no such flag.
[[nodiscard]] std::string commands_with(std::string_view flag);

// Short ways to set LOG_LEVEL, taken wherever --log-level is. `value`: the level.
struct level_flag {
    std::string_view short_name;
    std::string_view name;
    std::string_view value;
    std::string_view help;
};
inline constexpr std::array<level_flag, 2> level_flags{
    {{"-q", "--quiet", "error", "only errors: the same as --log-level error"},
     {"-v", "--verbose", "debug", "everything: the same as --log-level debug"}}};

} // namespace app
