// Tested by tests/integration/test_completion.py.
#include "app/cli/completed_flags.hpp"
#include "app/cli/completion.hpp"
#include "app/cli/offered_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace app {

namespace {

// Without words, zsh shows a description of the value.
std::string zsh_action(const completed_flag& flag) {
    switch (kind_of_value(flag)) {
    case value_kind::file:
        return "_files";
    case value_kind::directory:
        return "_files -/";
    case value_kind::words:
        break;
    }
    if (flag.names != name_kind::none && flag.several)
        return fmt::format(" _event_archiver_list {} {}", to_string(flag.names),
                           fmt::join(flag.choices, " "));
    if (flag.several)
        return fmt::format(" _sequence compadd - {}", fmt::join(flag.choices, " "));
    if (flag.names != name_kind::none)
        return fmt::format("_event_archiver_names {}", to_string(flag.names));
    return flag.choices.empty() ? std::string(" ") : fmt::format("({})", fmt::join(flag.choices, " "));
}

std::string zsh_value(const completed_flag& flag) {
    if (flag.value.empty())
        return {};
    return fmt::format(":{}:{}", flag.value == "DAY" ? "DAY, as YYYY-MM-DD" : flag.value, zsh_action(flag));
}

std::vector<std::string> zsh_arguments(const command_info& info) {
    std::vector<std::string> specs;
    if (info.argument == "FILE")
        specs.emplace_back("1:FILE:_files");
    else if (!info.argument_choices.empty())
        specs.push_back(fmt::format("1:{}:({})", info.argument, fmt::join(info.argument_choices, " ")));
    if (info.names == name_kind::none)
        return specs;
    if (info.names_after.empty())
        specs.push_back(fmt::format("*:{}:_event_archiver_names {}", info.argument, to_string(info.names)));
    else
        specs.push_back(fmt::format("2:NAME:{{(( $words[(I){}] )) && _event_archiver_names {}}}",
                                    fmt::join(info.names_after, "|"), to_string(info.names)));
    return specs;
}

std::string zsh_case(const command_info& info) {
    constexpr std::string_view special = "[]:\\";
    const std::string next = " \\\n                        ";
    auto text = fmt::format("                {})\n                    _arguments", info.name);
    for (const auto& flag : completed_flags(info))
        for (const auto name : {flag.name, flag.short_name})
            if (!name.empty())
                text += next + in_quotes(fmt::format("{}[{}]{}", name,
                                                     with_backslashes(help_line(flag.help), special),
                                                     zsh_value(flag)));
    for (const auto& spec : zsh_arguments(info))
        text += next + in_quotes(spec);
    return text + "\n                    ;;\n";
}

} // namespace

std::string zsh_completion() {
    std::string names;
    std::string cases;
    for (const auto& info : commands()) {
        names +=
            fmt::format("        {}\n", in_quotes(fmt::format("{}:{}", info.name, help_line(info.help))));
        cases += zsh_case(info);
    }
    return fmt::format(R"zsh(#compdef event-archiver
# zsh completion for event-archiver. To use it, after compinit: source <(event-archiver completion zsh)
_event_archiver_ask() {{
    reply=(${{(f)"$($program completion $1 -- ${{(Q)words[1,CURRENT-1]}} 2>/dev/null)"}})
}}
_event_archiver_names() {{
    local -a reply
    _event_archiver_ask $@[-1]
    compadd "${{@[1,-2]}}" -a reply
}}
_event_archiver_list() {{
    local -a reply
    _event_archiver_ask $1
    _sequence compadd - $@[2,-1] $reply
}}
_event_archiver() {{
    local context state state_descr line program=${{(Q)words[1]/#\~/$HOME}}
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
)zsh",
                       names, cases);
}

} // namespace app
