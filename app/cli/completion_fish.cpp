// Tested by tests/integration/test_completion.py.
#include "app/cli/completed_flags.hpp"
#include "app/cli/completion.hpp"
#include "app/cli/offered_names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace app {

namespace {

constexpr std::string_view for_program = "complete -c event-archiver";

std::string fish_names(name_kind kind) { return fmt::format("(__event_archiver_names {})", to_string(kind)); }

std::string fish_value(const completed_flag& flag) {
    if (flag.value.empty())
        return {};
    switch (kind_of_value(flag)) {
    case value_kind::file:
        return " -r -F";
    case value_kind::directory:
        return " -x -a '(__fish_complete_directories)'";
    case value_kind::words:
        break;
    }
    auto words = fmt::format("{}", fmt::join(flag.choices, " "));
    if (flag.names != name_kind::none)
        words += (words.empty() ? "" : " ") + fish_names(flag.names);
    if (words.empty())
        return " -x";
    return flag.several ? fmt::format(" -x -a '(__event_archiver_list {})'", words)
                        : fmt::format(" -x -a '{}'", words);
}

std::string fish_flags(const command_info& info) {
    std::string script;
    for (const auto& flag : completed_flags(info)) {
        script +=
            fmt::format("{} -n '__event_archiver_in {}' -l {}", for_program, info.name, flag.name.substr(2));
        if (!flag.short_name.empty())
            script += fmt::format(" -s {}", flag.short_name.substr(1));
        script += fmt::format("{} -d {}\n", fish_value(flag), in_quotes(help_line(flag.help), "\\"));
    }
    return script;
}

std::string fish_arguments(const command_info& info) {
    if (info.argument == "FILE")
        return fmt::format("{} -n '__event_archiver_in {}' -F\n", for_program, info.name);
    std::string script;
    const auto words = fmt::format("{}", fmt::join(info.argument_choices, " "));
    if (!words.empty())
        script +=
            fmt::format("{0} -n '__event_archiver_in {1}; and not __event_archiver_in {1} {2}' -a '{2}'\n",
                        for_program, info.name, words);
    if (info.names != name_kind::none)
        script += fmt::format("{} -n '__event_archiver_in {} {}' -a '{}'\n", for_program, info.name,
                              fmt::join(info.names_after, " "), fish_names(info.names));
    return script;
}

} // namespace

std::string fish_completion() {
    std::string script =
        R"(# fish completion for event-archiver. To use it: event-archiver completion fish | source
# Whether the line is of this command, and has one of the other words, if any are given.
function __event_archiver_in
    set -l words (commandline -opc)
    test "$words[2]" = $argv[1]; or return
    test (count $argv) -eq 1; and return
    for word in $words[3..]
        contains -- $word $argv[2..]; and return
    end
    return 1
end
function __event_archiver_names
    set -l words (commandline -opc)
    command $words[1] completion $argv[1] -- $words[2..] 2>/dev/null
end
# The words that may follow in a list, each behind what it has so far.
function __event_archiver_list
    set -l typed (string replace -r '^--[^=]*=' '' -- (commandline -ct))
    set -l listed (string match -r '^.*,' -- $typed)
    for word in $argv
        contains -- $word (string split , -- $listed); or echo $listed$word
    end
end
complete -c event-archiver -f
complete -c event-archiver -n __fish_use_subcommand -l help -s h -d help
complete -c event-archiver -n __fish_use_subcommand -l version -d 'the version'
)";
    for (const auto& info : commands())
        script += fmt::format("{} -n __fish_use_subcommand -a {} -d {}\n", for_program, info.name,
                              in_quotes(help_line(info.help), "\\"));
    for (const auto& info : commands())
        script += fish_flags(info) + fish_arguments(info);
    return script;
}

} // namespace app
