// Examples of each command, once: for the overview, the help of a command and the man page.
// Tested by tests/unit/app/cli/help_test.cpp.
#pragma once

#include "app/cli/commands.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace app {

struct example {
    app::command command;
    std::string_view line; // as it is typed
    std::string_view what;
    bool in_overview = false;
};

[[nodiscard]] std::span<const example> examples() noexcept;

// As they are printed, on lines of less than `width` columns; 0: of any length. A long command is continued
// after a backslash. It is not broken at a space inside quotes.
[[nodiscard]] std::string examples_of(command which, std::size_t width);
[[nodiscard]] std::string examples_of_overview(std::size_t width);
[[nodiscard]] std::string all_examples(std::size_t width);

} // namespace app
