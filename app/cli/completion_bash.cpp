// Tested by tests/integration/test_completion.py.
#include "app/cli/completed_flags.hpp"
#include "app/cli/completion.hpp"
#include "app/cli/offered_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace app {

namespace {

std::string bash_value(const completed_flag& flag) {
    switch (kind_of_value(flag)) {
    case value_kind::file:
        return "kind=-f";
    case value_kind::directory:
        return "kind=-d";
    case value_kind::words:
        break;
    }
    auto value = fmt::format("words='{}'", fmt::join(flag.choices, " "));
    if (flag.names != name_kind::none)
        value += fmt::format(" names={}", to_string(flag.names));
    return value + (flag.several ? " list=1" : "");
}

// What its arguments may be.
std::string bash_arguments(const command_info& info) {
    if (info.argument == "FILE")
        return " kind=-f";
    const auto names =
        info.names == name_kind::none ? std::string() : fmt::format("names={}", to_string(info.names));
    if (info.argument_choices.empty())
        return names.empty() ? std::string() : " " + names;
    auto words = fmt::format("; case $action in '') words='{}' ;;", fmt::join(info.argument_choices, " "));
    if (!names.empty())
        words += fmt::format(" {}) {} ;;", fmt::join(info.names_after, "|"), names);
    return words + " esac";
}

struct bash_cases {
    std::string actions; // first arguments
    std::string values;  // of flags
    std::string commands;
};

void add_cases(bash_cases& all, const command_info& info) {
    std::vector<std::string_view> names;
    for (const auto& flag : completed_flags(info)) {
        names.push_back(flag.name);
        if (flag.value.empty())
            continue;
        auto pattern = fmt::format("{}:{}", info.name, flag.name);
        if (!flag.short_name.empty())
            pattern += fmt::format("|{}:{}", info.name, flag.short_name);
        all.values += fmt::format("        {}) {} ;;\n", pattern, bash_value(flag));
    }
    for (const auto action : info.argument_choices)
        all.actions += fmt::format("{}{}:{}", all.actions.empty() ? "" : "|", info.name, action);
    all.commands += fmt::format("                {}) flags='{}'{} ;;\n", info.name, fmt::join(names, " "),
                                bash_arguments(info));
}

} // namespace

std::string bash_completion() {
    bash_cases cases;
    for (const auto& info : commands())
        add_cases(cases, info);
    return fmt::format(
        R"(# bash completion for event-archiver. To use it: source <(event-archiver completion bash)
_event_archiver_names() {{
    local name
    while IFS= read -r name; do
        [[ $name == "$word"* ]] && printf -v name %q "$name" && COMPREPLY+=("$name")
    done < <("${{COMP_WORDS[0]/#\~/$HOME}}" completion "$1" -- "${{COMP_WORDS[@]:1:COMP_CWORD-1}}" 2>/dev/null)
}}
_event_archiver() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}}
    local command='' action='' words='' flags='' kind='' names='' list='' listed='' operands='' offered i
    # readline splits --flag=value in three.
    if [[ $word == = ]]; then word=''; elif [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}}; fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        case $command:${{COMP_WORDS[i]}} in
            :{}) command=${{COMP_WORDS[i]}} ;;
            {}) action=${{action:-${{COMP_WORDS[i]}}}} ;;
            *:--) operands=1 ;;
        esac
    done
    case $command:$before in
{}        *)
            case $command in
                '') words='{} --help --version' ;;
{}            esac
            [[ $operands ]] && flags=''
            if [[ ( $word == -* && ! $operands ) || ! $words$names$kind ]]; then words="$words $flags" names='' kind=''; fi
            ;;
    esac
    if [[ $kind ]]; then
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen $kind -- "$word")
        return
    fi
    if [[ $list && $word == *,* ]]; then listed=${{word%,*}}, word=${{word##*,}}; fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
    if [[ $names ]]; then _event_archiver_names "$names"; fi
    [[ $list ]] || return 0
    compopt -o nospace 2>/dev/null
    offered=("${{COMPREPLY[@]}}") COMPREPLY=()
    for i in "${{offered[@]}}"; do
        [[ ,$listed == *",$i,"* ]] || COMPREPLY+=("$listed$i")
    done
}}
complete -F _event_archiver event-archiver
)",
        command_names("|:"), cases.actions, cases.values, command_names(" "), cases.commands);
}

} // namespace app
