// The CLI11 parser, made from the tables of commands and settings, and what it writes into.
// Tested by tests/unit/app/cli/command_line_test.cpp.
#pragma once

#include "app/cli/commands.hpp"
#include "app/cli/read_command.hpp"

#include <CLI/App.hpp>

#include <cstddef>
#include <map>
#include <string>
#include <vector>

namespace app {

class grammar {
  public:
    // Only commands that are among `words` get their options, all of them if there are no words: making 200
    // unused ones takes a fifth of a run that finds nothing to do.
    // `width`: of its help, see help_formatter.
    grammar(const std::vector<std::string>& words, std::size_t width);
    grammar(const grammar&) = delete;
    grammar& operator=(const grammar&) = delete;

    // Throws CLI::Error. Call it once. `operands`: the words after `--`, which are no flags.
    void parse(std::vector<std::string> words, std::vector<std::string> operands);
    // Call it after `parse`: the command that was given, or null.
    [[nodiscard]] CLI::App* chosen() const;
    // The words that no command or flag took.
    [[nodiscard]] std::vector<std::string> left_over() const { return app_.remaining(true); }
    // The operands that the command does not take.
    [[nodiscard]] const std::vector<std::string>& operands_left_over() const noexcept { return operands_; }
    // After `parse` has thrown: the flag that takes one value and was given several; or "".
    [[nodiscard]] std::string repeated() const;
    [[nodiscard]] command_words words_of(command given, const CLI::App& inside) const;
    // The one argument of `help`.
    [[nodiscard]] const std::string& argument() const noexcept { return argument_; }
    // Of a command that takes any number.
    [[nodiscard]] const std::vector<std::string>& arguments() const noexcept { return arguments_; }

    // The help of the command that was given, if one was.
    [[nodiscard]] std::string help() const { return app_.help(); }
    [[nodiscard]] std::string help_of(command which) const { return subcommands_.at(which)->help(); }

  private:
    void add_command(const command_info& info, bool with_options);
    void add_setting(CLI::App& sub, command which, const option& setting);
    void add_flag(CLI::App& sub, const command_flag& flag);
    void take_operands(const CLI::App& inside);

    CLI::App app_{
        "Moves old rows of a PostgreSQL table into daily CSV files in Azure Storage, exactly once."};
    texts_by_flag settings_;
    texts_by_flag own_flags_; // of all commands together
    std::string argument_;
    std::vector<std::string> arguments_;
    std::vector<std::string> operands_;
    std::map<command, CLI::App*> subcommands_;
};

} // namespace app
