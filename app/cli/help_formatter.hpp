// How CLI11 shows the help of the program and of a command: wrapped between words, options in groups, each
// command with its own examples.
// Tested by tests/unit/app/cli/help_test.cpp.
#pragma once

#include <CLI/FormatterFwd.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace app {

class help_formatter : public CLI::Formatter {
  public:
    // Lines are shorter than `width` columns, as far as words allow it; 0: of any length.
    explicit help_formatter(std::size_t width);

    [[nodiscard]] std::string make_help(const CLI::App* app, std::string name,
                                        CLI::AppFormatMode mode) const override;
    [[nodiscard]] std::string make_description(const CLI::App* app) const override;
    [[nodiscard]] std::string make_usage(const CLI::App* app, std::string name) const override;
    [[nodiscard]] std::string make_subcommand(const CLI::App* sub) const override;
    [[nodiscard]] std::string make_option(const CLI::Option* option, bool is_positional) const override;
    [[nodiscard]] std::string make_footer(const CLI::App* app) const override;

  private:
    // `names` in the first column, `text` in the second, which begins at `column`.
    [[nodiscard]] std::string entry(std::string names, const std::string& text, std::size_t column) const;

    std::size_t width_;
};

} // namespace app
