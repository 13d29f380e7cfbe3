#include "app/cli/unknown_word.hpp"

#include "app/cli/command_settings.hpp"
#include "app/cli/commands.hpp"
#include "app/settings/nearest.hpp"
#include "app/settings/parse.hpp"
#include "async/quotable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <variant>
#include <vector>

namespace app {

namespace {

// A superfluous word. If a flag lacks its value, the next flag was taken for that value, and the next flag's
// own value is left over.
std::string unexpected(const std::string& word, const CLI::App& inside) {
    for (const auto* option : inside.get_options())
        for (const auto& text : option->results())
            if (text.starts_with("--"))
                return fmt::format("{} has no value: {} follows it", option->get_name(),
                                   async::quoted(text.substr(0, text.find('='))));
    const auto* where = inside.get_option_no_throw("--where");
    if (where != nullptr && where->count() > 0)
        return "--where takes one word: put the condition in quotes, as in --where 'id = 7'";
    for (const auto* option : inside.get_options())
        if (option->count() > 0 && option->get_items_expected_max() == 0 &&
            std::holds_alternative<bool>(parse_boolean(word)))
            return fmt::format("{}: write {}={}, or {} alone", not_expected(word, inside), option->get_name(),
                               word, option->get_name());
    return not_expected(word, inside);
}

bool takes_operands(const CLI::App* inside) {
    const auto* const info = inside == nullptr ? nullptr : find_command(inside->get_name());
    return info != nullptr && !info->argument.empty();
}

// The word of the command that was given as a flag: `projections --replay`; or empty.
std::string_view word_given_as_flag(std::string_view name, const CLI::App* inside) {
    const auto* const info = inside == nullptr ? nullptr : find_command(inside->get_name());
    if (info == nullptr || !name.starts_with("--"))
        return {};
    const auto found = std::ranges::find(info->argument_choices, name.substr(2));
    return found == info->argument_choices.end() ? std::string_view() : *found;
}

std::vector<std::string> flags_after(const CLI::App* inside) {
    std::vector<std::string> flags{"--help", "--version"};
    if (inside != nullptr)
        for (const auto* option : inside->get_options())
            for (const auto& flag : option->get_lnames())
                flags.push_back("--" + flag);
    return flags;
}

} // namespace

std::string not_expected(std::string_view word, const CLI::App& inside) {
    return fmt::format("{} is not expected after '{}'", async::quoted(word), inside.get_name());
}

std::string try_help_of(const std::string& command) {
    return fmt::format("Try `event-archiver help {}`.", command);
}

usage_mistake unknown_word(const std::string& word, const CLI::App* inside) {
    const bool is_flag = word.starts_with('-');
    if (!is_flag && inside != nullptr)
        return {unexpected(word, *inside), try_help_of(inside->get_name())};
    const auto name = word.substr(0, word.find('='));
    if (inside != nullptr)
        if (const auto others = commands_with(name); !others.empty())
            return {fmt::format("{} does not use {}, which is for {}", inside->get_name(), name, others),
                    try_help_of(inside->get_name())};
    const auto flags = flags_after(inside);
    std::vector<std::string_view> known;
    if (is_flag)
        known.assign(flags.begin(), flags.end());
    else
        for (const auto& info : commands())
            known.push_back(info.name);
    const auto word_meant = word_given_as_flag(name, inside);
    const auto near = !word_meant.empty() ? fmt::format("{} {}", inside->get_name(), word_meant)
                                          : std::string(nearest(name, known));
    return {fmt::format("unknown {}{}{}", is_flag ? "flag" : "command",
                        async::may_quote(name) ? fmt::format(" '{}'", name) : "",
                        !near.empty()                       ? fmt::format("; did you mean '{}'?", near)
                        : is_flag && takes_operands(inside) ? "; a name that begins with '-' goes behind '--'"
                                                            : ""),
            inside != nullptr ? try_help_of(inside->get_name()) : "Try `event-archiver help`."};
}

} // namespace app
