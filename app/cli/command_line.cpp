#include "app/cli/command_line.hpp"

#include "app/cli/completion.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/grammar.hpp"
#include "app/cli/help.hpp"
#include "app/cli/man_page.hpp"
#include "app/cli/offered_names.hpp"
#include "app/cli/read_command.hpp"
#include "app/cli/unknown_word.hpp"
#include "app/settings/nearest.hpp"
#include "async/quotable.hpp"

#include <CLI/Error.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

namespace app {

namespace {

constexpr std::string_view try_help = "Try `event-archiver help`.";

parsed_command_line usage_error(std::string_view message, std::string_view what_next) {
    return {std::nullopt, {}, fmt::format("event-archiver: {}\n{}\n", message, what_next), exit_code::usage};
}

parsed_command_line to_be_printed(std::string text) {
    return {std::nullopt, std::move(text), {}, exit_code::done};
}

// No command: a short overview of the commands.
parsed_command_line overview_as_mistake(const grammar& rules) {
    return {std::nullopt, {}, rules.help(), exit_code::usage};
}

// `rules` have all commands that `about` may name.
parsed_command_line help_for(const grammar& rules, const std::string& about, std::size_t width) {
    if (about.empty()) // of a parser that has not parsed: CLI11's help follows the command that was given
        return to_be_printed(grammar({}, width).help());
    if (about == "environment" || about == "env")
        return to_be_printed(environment_help(width));
    if (about == "exit-codes")
        return to_be_printed(exit_codes_help(width));
    if (about == "man")
        return to_be_printed(man_page());
    if (const auto* const info = find_command(about))
        return to_be_printed(rules.help_of(info->command));
    std::vector<std::string_view> topics{"environment", "exit-codes", "man"};
    for (const auto& info : commands())
        topics.push_back(info.name);
    const auto near = nearest(about, topics);
    return usage_error(fmt::format("there is no help on {}{}", async::quoted(about),
                                   near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
                       try_help);
}

// Of a shell, or of names, which its script asks for.
parsed_command_line completion_for(const std::vector<std::string>& arguments, const CLI::App& inside) {
    const auto shell = arguments.empty() ? std::string() : arguments.front();
    if (const auto kind = name_kind_of(shell); kind != name_kind::none) {
        command_line asked;
        asked.command = command::completion;
        asked.names = kind;
        asked.flags = places_among(std::span(arguments).subspan(1));
        return {std::move(asked), {}, {}, exit_code::done};
    }
    if (arguments.size() > 1)
        return usage_error(not_expected(arguments[1], inside), try_help_of(inside.get_name()));
    if (auto script = completion_script(shell); !script.empty())
        return to_be_printed(std::move(script));
    return usage_error(shell.empty() ? std::string("completion needs a shell: give bash, zsh or fish")
                                     : "there is no completion for " + async::quoted(shell) +
                                           ": give bash, zsh or fish",
                       "Try `event-archiver help completion`.");
}

// The flag that was given as `--flag=` with nothing after it, or empty.
std::string flag_without_value(const std::vector<std::string>& arguments) {
    for (const std::string_view word : arguments)
        if (word.starts_with("--") && word.find('=') == word.size() - 1)
            return std::string(word.substr(0, word.size() - 1));
    return {};
}

// What CLI11 says of a flag at the end of the line, and of two flags that exclude each other.
std::string in_our_words(const CLI::ParseError& mistake) {
    const std::string said = mistake.what();
    constexpr std::string_view excludes = " excludes ";
    if (const auto at = said.find(excludes);
        at != std::string::npos && dynamic_cast<const CLI::ExcludesError*>(&mistake) != nullptr)
        return fmt::format("{} and {} exclude each other: give one of them", said.substr(0, at),
                           said.substr(at + excludes.size()));
    if (const auto at = said.find(": 1 required "); at != std::string::npos)
        return fmt::format("{} has no value: give one after it", said.substr(0, at));
    return said;
}

// Takes `--` and the words after it, which are no flags (POSIX, Utility Syntax Guidelines, 10), from the
// words.
std::vector<std::string> take_operands(std::vector<std::string>& words) {
    const auto end_of_flags = std::ranges::find(words, "--");
    std::vector<std::string> operands;
    if (end_of_flags != words.end())
        operands.assign(std::next(end_of_flags), words.end());
    words.erase(end_of_flags, words.end());
    return operands;
}

// `without_value`: see flag_without_value.
parsed_command_line read(const grammar& rules, const CLI::App& inside, const std::string& without_value,
                         std::size_t width) {
    const auto given = find_command(inside.get_name())->command;
    if (given == command::help)
        return help_for(rules, rules.argument(), width);
    if (given == command::completion)
        return completion_for(rules.arguments(), inside);
    if (!without_value.empty())
        return usage_error(empty_value(without_value), try_help_of(inside.get_name()));
    auto result = read_command(rules.words_of(given, inside));
    if (const auto* mistake = std::get_if<std::string>(&result))
        return usage_error(*mistake, try_help_of(inside.get_name()));
    return {std::get<command_line>(std::move(result)), {}, {}, exit_code::done};
}

} // namespace

bool only_looks(const command_line& request) noexcept {
    return is_inquiry(request.command) || (request.command == command::erase && !request.erase.yes);
}

parsed_command_line parse_command_line(std::vector<std::string> arguments, std::size_t width) {
    grammar rules(arguments, width);
    auto operands = take_operands(arguments);
    if (arguments.empty())
        return overview_as_mistake(rules);
    const auto without_value = flag_without_value(arguments);
    const auto first = arguments.front();
    try {
        rules.parse(std::move(arguments), std::move(operands));
    } catch (const CLI::CallForHelp&) {
        const auto* const inside = rules.chosen();
        return inside != nullptr ? to_be_printed(inside->help()) : help_for(rules, {}, width);
    } catch (const CLI::CallForVersion& version) {
        return to_be_printed(std::string(version.what()) + "\n");
    } catch (const CLI::ParseError& mistake) {
        const auto* const inside = rules.chosen();
        const auto what_next = inside != nullptr ? try_help_of(inside->get_name()) : std::string(try_help);
        if (const auto repeated = rules.repeated(); !repeated.empty())
            return usage_error(repeated + " is given more than once: give it one value", what_next);
        return usage_error(without_value.empty() ? in_our_words(mistake) : empty_value(without_value),
                           what_next);
    }

    const auto* const inside = rules.chosen();
    if (const auto extras = rules.left_over(); !extras.empty()) {
        if (inside != nullptr && first.starts_with('-') && extras.front() == first)
            return usage_error(fmt::format("{} stands before '{}': give flags behind the command",
                                           async::quoted(first.substr(0, first.find('='))),
                                           inside->get_name()),
                               try_help_of(inside->get_name()));
        const auto mistake = unknown_word(extras.front(), inside);
        return usage_error(mistake.message, mistake.what_next);
    }
    if (inside != nullptr && !rules.operands_left_over().empty())
        return usage_error(not_expected(rules.operands_left_over().front(), *inside),
                           try_help_of(inside->get_name()));
    return inside == nullptr ? overview_as_mistake(rules) : read(rules, *inside, without_value, width);
}

} // namespace app
