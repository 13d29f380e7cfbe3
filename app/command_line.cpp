#include "app/command_line.hpp"

#include "app/exit_code.hpp"
#include "app/options.hpp"
#include "app/restore_flags.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <variant>

namespace app {

namespace {

struct command_info {
    app::command command;
    std::string_view name;
    std::string_view help;
    bool takes_settings;
};

constexpr std::array<command_info, 6> commands{{
    {command::archive, "archive",
     "move events older than the retention period into the lake, then delete them", true},
    {command::recover, "recover", "settle what an interrupted run left, and nothing else", true},
    {command::restore, "restore",
     "bring days back: --from and --to, or --day; in place, or --into another table", true},
    {command::config, "config", "every setting in force and where it came from; secrets hidden", true},
    {command::version, "version", "the version", false},
    {command::help, "help", "this help, or that of a command, of `environment` or `exit-codes`", false},
}};

constexpr std::string_view examples = R"(Examples:
  event-archiver archive                       the nightly run; settings from the environment
  event-archiver archive --dry-run             export and upload, delete nothing
  event-archiver archive --commit day --parallel 8
                                               a long backfill, one transaction a day
  event-archiver config                        what is in force, and where it came from
  event-archiver help environment              every setting
)";

std::string environment_help() {
    std::string text =
        "A flag beats the environment, the environment beats the default; an empty variable counts as"
        " unset.\nEach secret may stand in a file that NAME_FILE names.\n\n";
    for (const auto& option : options()) {
        text += fmt::format("  {}{}{}\n", option.environment, option.flag.empty() ? "" : ", ", option.flag);
        text += fmt::format("      {}{}\n", option.help,
                            option.standard.empty() ? "" : fmt::format(" [default: {}]", option.standard));
    }
    return text;
}

std::string exit_codes_help() {
    std::string text;
    for (const auto& row : exit_codes())
        text += fmt::format("  {:>3}  {}{}\n", row.code, row.meaning,
                            row.again.empty() ? "" : fmt::format(" (does another try help? {})", row.again));
    return text;
}

parsed_command_line usage_error(std::string_view message, std::string_view what_next) {
    return {std::nullopt, {}, fmt::format("event-archiver: {}\n{}\n", message, what_next), exit_code::usage};
}

// The CLI11 parser and what it writes into.
struct grammar {
    CLI::App app{"Moves old PostgreSQL events into one CSV file per UTC day in an Azure Data Lake."};
    std::map<std::string, std::string> texts; // by flag
    std::string output = "text";
    std::string keep;
    std::string discard;
    restore_flags restore;
    std::vector<std::string> topic;
    std::map<app::command, CLI::App*> subcommands;

    grammar() {
        app.name("event-archiver");
        app.footer(std::string(examples));
        app.require_subcommand(0, 1);
        app.allow_extras();
        app.set_version_flag("--version", std::string("event-archiver " EVENT_ARCHIVER_VERSION));
        for (const auto& info : commands) {
            auto* sub = app.add_subcommand(std::string(info.name), std::string(info.help));
            sub->allow_extras();
            subcommands[info.command] = sub;
            if (info.takes_settings)
                add_settings(*sub);
        }
        subcommands[command::config]->add_option("-o,--output", output, "text or json")->type_name("FORMAT");
        subcommands[command::version]->add_option("-o,--output", output, "text or json")->type_name("FORMAT");
        auto* kept = subcommands[command::recover]->add_option(
            "--keep", keep,
            "keep the pending rows of this file: a person has seen that the table lacks them");
        auto* discarded = subcommands[command::recover]->add_option(
            "--discard", discard, "take the pending rows out of this file: they are in the table");
        kept->type_name("FILE")->excludes(discarded);
        discarded->type_name("FILE");
        add_restore(*subcommands[command::restore]);
        subcommands[command::help]->add_option("topic", topic, "a command, `environment` or `exit-codes`");
    }

    void add_restore(CLI::App& sub) {
        const auto add = [&sub](std::string name, std::string& text, std::string value, std::string help) {
            sub.add_option(name, text, help)->type_name(value);
        };
        add("--from", restore.from, "DAY", "the first day, as YYYY-MM-DD");
        add("--to", restore.to, "DAY", "the last day, itself included");
        add("--day", restore.day, "DAY", "this day alone");
        add("--into", restore.into, "TABLE",
            "copy into this table, made like the original if there is none; the archive is not touched");
        add("--hold", restore.hold, "PERIOD",
            "how long `archive` leaves days alone that went back in place, or none (default 30d)");
    }

    void add_settings(CLI::App& sub) {
        for (const auto& option : options()) {
            if (option.flag.empty())
                continue;
            auto& text = texts[std::string(option.flag)];
            auto help =
                fmt::format("{} ({}{})", option.help, option.environment,
                            option.standard.empty() ? "" : fmt::format(", default {}", option.standard));
            // A flag may be given a value: --dry-run=false.
            auto* added = option.kind == option_kind::flag
                              ? sub.add_flag(fmt::format("{}{{true}}", option.flag), text, help)
                              : sub.add_option(std::string(option.flag), text, help)
                                    ->type_name(std::string(option.value));
            added->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
        }
    }

    // Of a parser that has parsed nothing: CLI11's help() follows the subcommand that was given.
    [[nodiscard]] static std::string overview() { return grammar().app.help(); }

    [[nodiscard]] parsed_command_line help_for(const std::string& about) {
        if (about.empty())
            return {std::nullopt, overview(), {}, exit_code::done};
        if (about == "environment" || about == "env")
            return {std::nullopt, environment_help(), {}, exit_code::done};
        if (about == "exit-codes")
            return {std::nullopt, exit_codes_help(), {}, exit_code::done};
        for (const auto& info : commands)
            if (info.name == about)
                return {std::nullopt, subcommands[info.command]->help(), {}, exit_code::done};
        return usage_error(fmt::format("there is no help on '{}'", about), "Try `event-archiver help`.");
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
            for (const auto& info : commands)
                known.push_back(info.name);
        } else {
            return usage_error(fmt::format("'{}' is not expected after '{}'", word, inside->get_name()),
                               fmt::format("Try `event-archiver help {}`.", inside->get_name()));
        }
        const auto name = word.substr(0, word.find('='));
        const auto near = nearest(name, known);
        return usage_error(fmt::format("unknown {} '{}'{}", kind, name,
                                       near.empty() ? "" : fmt::format("; did you mean '{}'?", near)),
                           "Try `event-archiver help`.");
    }
};

} // namespace

parsed_command_line parse_command_line(std::vector<std::string> arguments) {
    grammar rules;
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
        return usage_error(mistake.what(), "Try `event-archiver help`.");
    }

    const auto chosen = rules.app.get_subcommands();
    auto* const inside = chosen.empty() ? nullptr : chosen.front();
    if (const auto extras = rules.app.remaining(true); !extras.empty())
        return rules.unknown(extras.front(), inside);
    if (inside == nullptr)
        return {std::nullopt, {}, rules.app.help(), exit_code::usage};

    command_line result;
    for (const auto& info : commands)
        if (info.name == inside->get_name())
            result.command = info.command;
    if (result.command == command::help)
        return rules.help_for(rules.topic.empty() ? std::string() : rules.topic.front());
    if (rules.output != "text" && rules.output != "json")
        return usage_error(fmt::format("-o is '{}': give text or json", rules.output),
                           "Try `event-archiver help`.");
    result.output = rules.output == "json" ? output_format::json : output_format::text;
    result.keep = rules.keep;
    result.discard = rules.discard;
    if (result.command == command::restore) {
        auto request = read_restore(rules.restore);
        if (const auto* mistake = std::get_if<std::string>(&request))
            return usage_error(*mistake, "Try `event-archiver help restore`.");
        result.restore = std::get<archive::restore_request>(std::move(request));
    }
    for (const auto& option : options())
        if (!option.flag.empty() && inside->get_option_no_throw(std::string(option.flag)) != nullptr &&
            inside->count(std::string(option.flag)) > 0)
            result.flags.emplace(option.flag, rules.texts[std::string(option.flag)]);
    return {std::move(result), {}, {}, exit_code::done};
}

} // namespace app
