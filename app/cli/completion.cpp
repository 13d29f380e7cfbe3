#include "app/cli/completion.hpp"

#include "app/cli/command_settings.hpp"
#include "app/settings/setting_words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <vector>

namespace app {

namespace {

// A flag as completion sees it: of a setting or of the command.
struct completed_flag {
    std::string_view name;
    std::string_view short_name;
    std::string_view value;
    std::string_view help;
    std::span<const std::string_view> choices;
};

enum class value_kind : unsigned char {
    choice, // one of its choices; any value if it has no choices
    file,
    directory,
};

// The files of `recover --keep` and `--discard` are in the storage account, where completion does not ask.
value_kind kind_of_value(const completed_flag& flag) {
    if (flag.value == "FILE" && flag.name != "--keep" && flag.name != "--discard")
        return value_kind::file;
    // The journal is a directory, unless it is in Kafka.
    const bool directory = flag.value == "DIR" || flag.value == "DIRS" || flag.name == "--journal";
    return directory ? value_kind::directory : value_kind::choice;
}

std::vector<completed_flag> flags_of(const command_info& info) {
    std::vector<completed_flag> all;
    for (const auto& flag : info.flags)
        all.push_back({flag.name, flag.short_name, flag.value, flag.help, flag.choices});
    for (const auto* setting : settings_of(info)) {
        all.push_back({setting->flag, setting->short_flag, setting->value, help_in(info.command, *setting),
                       words_for(*setting)});
        if (setting->environment == "LOG_LEVEL")
            for (const auto& each : level_flags)
                all.push_back({each.name, each.short_name, {}, each.help, {}});
    }
    all.push_back({"--help", "-h", {}, "help on this command", {}});
    return all;
}

std::string command_names(std::string_view separator) {
    std::vector<std::string_view> names;
    for (const auto& info : commands())
        names.push_back(info.name);
    return fmt::format("{}", fmt::join(names, separator));
}

// Help is one line here, without the backticks.
std::string one_line(std::string_view help) {
    std::string text(help);
    std::erase(text, '`');
    return text;
}

std::string with_backslashes(std::string_view text, std::string_view special) {
    std::string result;
    for (const char letter : text) {
        if (special.find(letter) != std::string_view::npos)
            result += '\\';
        result += letter;
    }
    return result;
}

// In single quotes, for any of the three shells; `special`: the characters that have a meaning in the text
// around it.
std::string in_quotes(std::string_view text, std::string_view special = {}) {
    std::string result = "'";
    for (const char letter : with_backslashes(text, special))
        result += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
    return result + "'";
}

std::string bash_value(const completed_flag& flag) {
    switch (kind_of_value(flag)) {
    case value_kind::file:
        return "kind=-f";
    case value_kind::directory:
        return "kind=-d";
    case value_kind::choice:
        break;
    }
    return fmt::format("words='{}'", fmt::join(flag.choices, " "));
}

// Without words, zsh shows a description of the value.
std::string zsh_value(const completed_flag& flag) {
    const auto kind = kind_of_value(flag);
    const auto action = kind == value_kind::file        ? std::string("_files")
                        : kind == value_kind::directory ? std::string("_files -/")
                        : flag.choices.empty()          ? std::string(" ")
                                                        : fmt::format("({})", fmt::join(flag.choices, " "));
    return fmt::format(":{}:{}", flag.value == "DAY" ? "DAY, as YYYY-MM-DD" : flag.value, action);
}

std::string fish_value(const completed_flag& flag) {
    switch (kind_of_value(flag)) {
    case value_kind::file:
        return " -r -F";
    case value_kind::directory:
        return " -x -a '(__fish_complete_directories)'";
    case value_kind::choice:
        break;
    }
    return flag.choices.empty() ? std::string(" -x")
                                : fmt::format(" -x -a '{}'", fmt::join(flag.choices, " "));
}

std::string bash_script() {
    std::string values;
    std::string flags;
    for (const auto& info : commands()) {
        std::string all;
        for (const auto& flag : flags_of(info)) {
            all += fmt::format("{}{}", all.empty() ? "" : " ", flag.name);
            if (flag.value.empty())
                continue;
            auto pattern = fmt::format("{}:{}", info.name, flag.name);
            if (!flag.short_name.empty())
                pattern += fmt::format("|{}:{}", info.name, flag.short_name);
            values += fmt::format("        {}) {} ;;\n", pattern, bash_value(flag));
        }
        if (!info.argument_choices.empty())
            all = fmt::format("{} {}", fmt::join(info.argument_choices, " "), all);
        flags += fmt::format("                {}) words='{}'{} ;;\n", info.name, all,
                             info.argument == "FILE" ? "; [[ $word == -* ]] || kind=-f" : "");
    }
    return fmt::format(
        R"(# bash completion for event-archiver. To use it: source <(event-archiver completion bash)
_event_archiver() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command='' words='' kind='' i
    # readline splits --flag=value in three.
    if [[ $word == = ]]; then word=''; elif [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}}; fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case ${{COMP_WORDS[i]}} in
            {}) command=${{COMP_WORDS[i]}}; break ;;
        esac
    done
    case $command:$before in
{}        *)
            case $command in
                '') words='{} --help --version' ;;
{}            esac
            ;;
    esac
    if [[ $kind ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen $kind -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    fi
}}
complete -F _event_archiver event-archiver
)",
        command_names("|"), values, command_names(" "), flags);
}

std::string zsh_script() {
    constexpr std::string_view special = "[]:\\";
    std::string names;
    std::string cases;
    for (const auto& info : commands()) {
        names += fmt::format("        {}\n", in_quotes(fmt::format("{}:{}", info.name, one_line(info.help))));
        cases += fmt::format("                {})\n                    _arguments", info.name);
        for (const auto& flag : flags_of(info)) {
            const auto value = flag.value.empty() ? std::string() : zsh_value(flag);
            for (const auto name : {flag.name, flag.short_name})
                if (!name.empty())
                    cases += fmt::format(
                        " \\\n                        {}",
                        in_quotes(fmt::format("{}[{}]{}", name,
                                              with_backslashes(one_line(flag.help), special), value)));
        }
        if (!info.argument.empty())
            cases += fmt::format(" \\\n                        {}",
                                 in_quotes(info.argument == "FILE"
                                               ? std::string("1:FILE:_files")
                                               : fmt::format("1:{}:({})", info.argument,
                                                             fmt::join(info.argument_choices, " "))));
        cases += "\n                    ;;\n";
    }
    return fmt::format(R"(#compdef event-archiver
# zsh completion for event-archiver. To use it, after compinit: source <(event-archiver completion zsh)
_event_archiver() {{
    local context state state_descr line
    typeset -A opt_args
    local -a names=(
{})
    _arguments -C '--help[help]' '--version[the version]' '1:command:->command' '*::argument:->rest'
    case $state in
        command) _describe command names ;;
        rest)
            case $line[1] in
{}            esac
            ;;
    esac
}}
if [[ ${{funcstack[1]}} == _event_archiver ]]; then
    _event_archiver "$@"
else
    compdef _event_archiver event-archiver
fi
)",
                       names, cases);
}

std::string fish_script() {
    std::string script =
        "# fish completion for event-archiver. To use it: event-archiver completion fish | source\n"
        "complete -c event-archiver -f\n"
        "complete -c event-archiver -n __fish_use_subcommand -l help -s h -d help\n"
        "complete -c event-archiver -n __fish_use_subcommand -l version -d 'the version'\n";
    constexpr std::string_view special = "\\";
    for (const auto& info : commands())
        script += fmt::format("complete -c event-archiver -n __fish_use_subcommand -a {} -d {}\n", info.name,
                              in_quotes(one_line(info.help), special));
    for (const auto& info : commands()) {
        const auto when = fmt::format("-n '__fish_seen_subcommand_from {}'", info.name);
        for (const auto& flag : flags_of(info)) {
            script += fmt::format("complete -c event-archiver {} -l {}", when, flag.name.substr(2));
            if (!flag.short_name.empty())
                script += fmt::format(" -s {}", flag.short_name.substr(1));
            if (!flag.value.empty())
                script += fish_value(flag);
            script += fmt::format(" -d {}\n", in_quotes(one_line(flag.help), special));
        }
        if (info.argument == "FILE")
            script += fmt::format("complete -c event-archiver {} -F\n", when);
        if (!info.argument_choices.empty())
            script += fmt::format("complete -c event-archiver {} -a '{}'\n", when,
                                  fmt::join(info.argument_choices, " "));
    }
    return script;
}

} // namespace

std::string completion_script(std::string_view shell) {
    if (shell == "bash")
        return bash_script();
    if (shell == "zsh")
        return zsh_script();
    if (shell == "fish")
        return fish_script();
    return {};
}

} // namespace app
