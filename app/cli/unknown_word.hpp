// A word of the command line that no command takes.
// Tested by tests/unit/app/cli/command_line_test.cpp.
#pragma once

#include <CLI/App.hpp>

#include <string>
#include <string_view>

namespace app {

struct usage_mistake {
    std::string message;
    std::string what_next; // a sentence: "Try `event-archiver help`."
};

// Guesses what the word stands for. `inside`: the command that it stands after, or null.
[[nodiscard]] usage_mistake unknown_word(const std::string& word, const CLI::App* inside);

// Of a word that is no flag, or follows `--`.
[[nodiscard]] std::string not_expected(std::string_view word, const CLI::App& inside);

// "Try `event-archiver help list`."
[[nodiscard]] std::string try_help_of(const std::string& command);

} // namespace app
