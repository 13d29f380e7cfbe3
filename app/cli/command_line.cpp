#include "app/cli/command_line.hpp"

#include "app/cli/command_settings.hpp"
#include "app/cli/completion.hpp"
#include "app/cli/exit_code.hpp"
#include "app/cli/help.hpp"
#include "app/cli/man_page.hpp"
#include "app/cli/restore_flags.hpp"
#include "app/settings/mistake.hpp"
#include "app/settings/nearest.hpp"
#include "app/settings/options.hpp"
#include "app/settings/parse.hpp"
#include "app/settings/parse_name.hpp"
#include "async/quotable.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <variant>

namespace app {

namespace {

parsed_command_line usage_error(std::string_view message, std::string_view what_next) {
    return {std::nullopt, {}, fmt::format("event-archiver: {}\n{}\n", message, what_next), exit_code::usage};
}

// The CLI11 parser and what it writes into. Only commands that are among `words` get their options, all of
// them if there are no words: to make 200 that nobody gave takes a fifth of a run that finds nothing to do.
struct grammar {
    CLI::App app{"Moves old PostgreSQL events into one CSV file per UTC day in an Azure Data Lake."};
    std::map<std::string, std::string> settings;  // by flag
    std::map<std::string, std::string> own_flags; // those of one command, by flag
    std::string argument;
    std::vector<std::string> arguments;
    std::map<app::command, CLI::App*> subcommands;

    explicit grammar(const std::vector<std::string>& words) {
        app.name("event-archiver");
        app.footer("Examples:\n" + std::string(examples()));
        app.require_subcommand(0, 1);
        app.allow_extras();
        app.set_version_flag("--version", std::string("event-archiver " EVENT_ARCHIVER_VERSION));
        for (const auto& info : commands()) {
            auto* sub = app.add_subcommand(std::string(info.name), std::string(info.help));
            sub->allow_extras();
            const auto shown = examples_of(info.name);
            sub->footer(shown.empty() ? "" : "Examples:\n" + shown);
            subcommands[info.command] = sub;
            if (!words.empty() && std::ranges::find(words, info.name) == words.end())
                continue;
            for (const auto& flag : info.flags)
                add_flag(*sub, flag);
            for (const auto* setting : settings_of(info))
                add_setting(*sub, *setting);
            if (info.many_arguments)
                sub->add_option(std::string(info.argument), arguments)->type_name("");
            else if (!info.argument.empty())
                sub->add_option(std::string(info.argument), argument,
                                fmt::format("{}", fmt::join(info.argument_choices, ", ")))
                    ->type_name("");
            if (info.command == command::recover)
                sub->get_option("--keep")->excludes("--discard");
        }
    }

    void add_setting(CLI::App& sub, const option& setting) {
        auto& text = settings[std::string(setting.flag)];
        auto help =
            fmt::format("{} ({}{})", setting.help, setting.environment,
                        setting.standard.empty() ? "" : fmt::format(", default {}", setting.standard));
        // A flag may be given a value: --dry-run=false.
        auto* added = setting.kind == option_kind::flag
                          ? sub.add_flag(fmt::format("{}{{true}}", setting.flag), text, help)
                          : sub.add_option(std::string(setting.flag), text, help)
                                ->type_name(std::string(setting.value));
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }

    void add_flag(CLI::App& sub, const command_flag& flag) {
        auto& text = own_flags[std::string(flag.name)];
        auto name = fmt::format("{}{}{}", flag.short_name, flag.short_name.empty() ? "" : ",", flag.name);
        auto* added =
            flag.value.empty()
                ? sub.add_flag(name, text, std::string(flag.help))
                : sub.add_option(name, text, std::string(flag.help))->type_name(std::string(flag.value));
        added->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }

    // Of a parser that has parsed nothing: CLI11's help() follows the subcommand that was given.
    [[nodiscard]] static std::string overview() { return grammar({}).app.help(); }

    [[nodiscard]] parsed_command_line help_for(const std::string& about) {
        if (about.empty())
            return {std::nullopt, overview(), {}, exit_code::done};
        if (about == "environment" || about == "env")
            return {std::nullopt, environment_help(), {}, exit_code::done};
        if (about == "exit-codes")
            return {std::nullopt, exit_codes_help(), {}, exit_code::done};
        if (about == "man")
            return {std::nullopt, man_page(), {}, exit_code::done};
        for (const auto& info : commands())
            if (info.name == about)
                return {std::nullopt, subcommands[info.command]->help(), {}, exit_code::done};
        return usage_error("there is no help on " + async::quoted(about), "Try `event-archiver help`.");
    }

    [[nodiscard]] parsed_command_line completion() const {
        auto script = completion_script(argument);
        if (!script.empty())
            return {std::nullopt, std::move(script), {}, exit_code::done};
        return usage_error(argument.empty() ? std::string("completion needs a shell: give bash, zsh or fish")
                                            : "there is no completion for " + async::quoted(argument) +
                                                  ": give bash, zsh or fish",
                           "Try `event-archiver help completion`.");
    }

    // A word too many. Where a flag lacks its value, the next flag was taken for it, and that one's value is
    // left.
    [[nodiscard]] static std::string unexpected(const std::string& word, const CLI::App& inside) {
        for (const auto* option : inside.get_options())
            for (const auto& text : option->results())
                if (text.starts_with("--"))
                    return fmt::format("{} has no value: {} follows it", option->get_name(),
                                       async::quoted(text.substr(0, text.find('='))));
        return fmt::format("{} is not expected after '{}'", async::quoted(word), inside.get_name());
    }

    // The first word nobody understood, with the nearest that would be.
    [[nodiscard]] parsed_command_line unknown(const std::string& word, CLI::App* inside) const {
        std::vector<std::string> flags;
        std::vector<std::string_view> known;
        std::string_view kind = "command";
        if (word.starts_with('-')) {
            kind = "flag";
            known = {"--help", "--version"};
            if (inside != nullptr)
                for (const auto* option : inside->get_options())
                    for (const auto& flag : option->get_lnames())
                        flags.push_back("--" + flag);
            known.insert(known.end(), flags.begin(), flags.end());
        } else if (inside == nullptr) {
            for (const auto& info : commands())
                known.push_back(info.name);
        } else {
            return usage_error(unexpected(word, *inside),
                               fmt::format("Try `event-archiver help {}`.", inside->get_name()));
        }
        const auto name = word.substr(0, word.find('='));
        if (const auto others = inside == nullptr ? std::string() : commands_with(name); !others.empty())
            return usage_error(
                fmt::format("{} does not use {}, which is for {}", inside->get_name(), name, others),
                fmt::format("Try `event-archiver help {}`.", inside->get_name()));
        const auto near = nearest(name, known);
        return usage_error(fmt::format("unknown {}{}{}", kind,
                                       async::may_quote(name) ? fmt::format(" '{}'", name) : "",
                                       near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
                           "Try `event-archiver help`.");
    }

    [[nodiscard]] static std::string empty_value(std::string_view flag) {
        return fmt::format("{} has an empty value: give one, or leave the flag out", flag);
    }

    // What was given to the command, as types; or the first mistake.
    [[nodiscard]] std::string read_into(command_line& result, const CLI::App& inside) {
        const auto& info = info_of(result.command);
        for (const auto* setting : settings_of(info))
            if (inside.count(std::string(setting->flag)) > 0)
                result.flags.emplace(setting->flag, settings[std::string(setting->flag)]);
        // A script's "$CUTOFF" that is unset must not become the default.
        for (const auto& [flag, text] : result.flags)
            if (text.empty())
                return empty_value(flag);
        for (const auto& flag : info.flags) {
            const auto& text = own_flags[std::string(flag.name)];
            if (inside.count(std::string(flag.name)) == 0)
                continue;
            if (text.empty())
                return empty_value(flag.name);
            const bool known =
                flag.choices.empty() || std::ranges::find(flag.choices, text) != flag.choices.end();
            if (!known)
                return mistake_in(flag.short_name.empty() ? flag.name : flag.short_name, text,
                                  fmt::format("give {}", fmt::join(flag.choices, " or ")));
        }
        result.output = own_flags["--output"] == "json" ? output_format::json : output_format::text;
        result.keep = own_flags["--keep"];
        result.discard = own_flags["--discard"];
        if (result.command == command::restore)
            return read_restore_into(result.restore);
        if (result.command == command::export_tasks)
            return read_export_into(result);
        if (auto mistake = read_days(result.days); !mistake.empty())
            return mistake;
        return read_rest(result, inside);
    }

    [[nodiscard]] std::string read_restore_into(archive::restore_request& request) {
        auto read = read_restore({own_flags["--from"], own_flags["--to"], own_flags["--day"],
                                  own_flags["--into"], own_flags["--hold"]});
        if (const auto* mistake = std::get_if<std::string>(&read))
            return *mistake;
        request = std::get<archive::restore_request>(std::move(read));
        return {};
    }

    [[nodiscard]] std::string read_export_into(command_line& result) {
        result.tasks = std::move(arguments);
        const auto& text = own_flags["--boundary"];
        if (text.empty())
            return {};
        result.boundary = lake::day::from_text(text);
        return result.boundary ? std::string() : mistake_in("--boundary", text, "give a day as YYYY-MM-DD");
    }

    // A switch: given, or given a value as in --calendar=false.
    [[nodiscard]] std::string read_switch(std::string_view name, bool& wanted) {
        const auto& text = own_flags[std::string(name)];
        if (text.empty())
            return {};
        const auto read = parse_boolean(text);
        if (const auto* mistake = std::get_if<std::string>(&read))
            return mistake_in(name, text, *mistake);
        wanted = std::get<bool>(read);
        return {};
    }

    [[nodiscard]] std::string read_days(lake::day_range& days) {
        for (const auto* const name : {"--from", "--to"}) {
            const auto& text = own_flags[name];
            if (text.empty())
                continue;
            const auto which = lake::day::from_text(text);
            if (!which)
                return mistake_in(name, text, "give a day as YYYY-MM-DD");
            (std::string_view(name) == "--from" ? days.first : days.last) = *which;
        }
        if (days.first && days.last && *days.last < *days.first)
            return fmt::format("--from is {}, later than --to, {}: give the earlier day first",
                               days.first->text(), days.last->text());
        return {};
    }

    [[nodiscard]] static std::string unused_flag_of_recover(const command_line& what) {
        std::vector<std::string_view> flags;
        for (const auto& [flag, text] : what.flags)
            flags.push_back(flag);
        const auto unused = unused_by_recover(what.exports, flags);
        if (unused.empty())
            return {};
        return fmt::format("recover {} --exports does not use {}", what.exports ? "with" : "without", unused);
    }

    [[nodiscard]] std::string read_rest(command_line& result, const CLI::App& inside) {
        for (const auto& [name, wanted] :
             {std::pair{"--calendar", &result.calendar}, std::pair{"--exports", &result.exports},
              std::pair{"--adopt", &result.adopt}})
            if (auto mistake = read_switch(name, *wanted); !mistake.empty())
                return mistake;
        if (result.command == command::recover)
            if (const auto unused = unused_flag_of_recover(result); !unused.empty())
                return unused;
        if (result.adopt && (!result.keep.empty() || !result.discard.empty()))
            return "--adopt is about the folder, --keep and --discard about one file: give one of them";
        if (result.calendar && result.output == output_format::json)
            return "--calendar is a picture in text: leave out either it or -o json";
        if (inside.get_option_no_throw("--against") != nullptr && inside.count("--against") > 0) {
            const auto named = parse_table(own_flags["--against"]);
            if (!named.mistake.empty())
                return mistake_in("--against", own_flags["--against"], named.mistake);
            result.against = named.name;
        }
        return {};
    }
};

} // namespace

namespace {

// The flag that was given as `--flag=` with nothing after it, or empty.
std::string_view flag_without_value(const std::vector<std::string>& arguments) {
    for (const std::string_view word : arguments)
        if (word.starts_with("--") && word.find('=') == word.size() - 1)
            return word.substr(0, word.size() - 1);
    return {};
}

} // namespace

parsed_command_line parse_command_line(std::vector<std::string> arguments) {
    grammar rules(arguments);
    const std::string without_value(flag_without_value(arguments));
    if (arguments.empty())
        return {std::nullopt, {}, rules.app.help(), exit_code::usage};
    std::ranges::reverse(arguments); // CLI11 takes them from the back
    try {
        rules.app.parse(arguments);
    } catch (const CLI::CallForHelp&) {
        for (auto* sub : rules.app.get_subcommands())
            return {std::nullopt, sub->help(), {}, exit_code::done};
        return rules.help_for({});
    } catch (const CLI::CallForVersion& version) {
        return {std::nullopt, std::string(version.what()) + "\n", {}, exit_code::done};
    } catch (const CLI::ParseError& mistake) {
        return usage_error(without_value.empty() ? mistake.what() : grammar::empty_value(without_value),
                           "Try `event-archiver help`.");
    }

    const auto chosen = rules.app.get_subcommands();
    auto* const inside = chosen.empty() ? nullptr : chosen.front();
    if (const auto extras = rules.app.remaining(true); !extras.empty())
        return rules.unknown(extras.front(), inside);
    if (inside == nullptr)
        return {std::nullopt, {}, rules.app.help(), exit_code::usage};

    command_line result;
    for (const auto& info : commands())
        if (info.name == inside->get_name())
            result.command = info.command;
    if (result.command == command::help)
        return rules.help_for(rules.argument);
    if (result.command == command::completion)
        return rules.completion();
    auto mistake = rules.read_into(result, *inside);
    if (!without_value.empty())
        mistake = grammar::empty_value(without_value);
    if (!mistake.empty())
        return usage_error(mistake, fmt::format("Try `event-archiver help {}`.", inside->get_name()));
    return {std::move(result), {}, {}, exit_code::done};
}

} // namespace app
