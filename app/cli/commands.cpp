#include "app/cli/commands.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace app {

namespace {

using two_words = std::array<std::string_view, 2>;

constexpr two_words formats{"text", "json"};
constexpr std::array<std::string_view, 3> shells{"bash", "zsh", "fish"};
constexpr two_words journal_actions{"cat", "verify"};
constexpr std::array<std::string_view, 1> action_with_topic{"cat"};
constexpr std::array<std::string_view, 23> topics{
    "archive", "plan",        "recover",      "restore", "export",      "serve",      "send",  "journal",
    "project", "projections", "dead-letters", "migrate", "list",        "cat",        "erase", "verify",
    "check",   "config",      "completion",   "version", "environment", "exit-codes", "man"};
constexpr std::array<std::string_view, 5> projection_actions{"pause", "resume", "replay", "rebuild",
                                                             "forget"};

constexpr command_flag output{"--output", "FORMAT", "what is printed: text or json", formats, "-o"};
constexpr command_flag first_day{
    "--from", "DAY", "the first day, as YYYY-MM-DD (default: the first there is)", {}, {}, name_kind::days};
constexpr command_flag last_day{"--to", "DAY", "the last day, itself included (default: the last there is)",
                                {},     {},    name_kind::days};

constexpr std::array plan_flags{output};
constexpr std::array recover_flags{
    command_flag{"--keep",
                 "FILE",
                 "keep the uncommitted rows of FILE (you have confirmed that the table lacks them)",
                 {},
                 {},
                 name_kind::files},
    command_flag{"--discard",
                 "FILE",
                 "drop the uncommitted rows of FILE (you have confirmed that the table has them)",
                 {},
                 {},
                 name_kind::files},
    command_flag{"--exports", "", "recover interrupted exports instead of archive runs", {}},
    command_flag{"--adopt", "", "make this table of this database the owner of the folder", {}},
    output,
};
constexpr std::array export_flags{
    command_flag{"--boundary", "DAY", "the midnight before this day, as YYYY-MM-DD, in place of today's", {}},
    output};
constexpr command_flag one_day{"--day", "DAY", "this day alone", {}, {}, name_kind::days};
constexpr std::array flags_of_restore{
    first_day,
    last_day,
    one_day,
    command_flag{"--into",
                 "TABLE",
                 "copy into this table, which is made like the original if it does not exist; the archive is "
                 "not touched",
                 {}},
    command_flag{
        "--hold",
        "PERIOD",
        "how long `archive` skips days that were restored in place; `none`: not at all (default 30d)",
        {}},
    output,
};
constexpr std::array list_flags{
    first_day, last_day,
    command_flag{"--calendar", "", "show a calendar, each day shaded by its number of rows", {}}, output};
constexpr std::array cat_flags{
    first_day,
    last_day,
    one_day,
    command_flag{"--where",
                 "SQL",
                 "only rows for which the database says that this condition over their columns is true",
                 {}},
    command_flag{"--pending", "", "also rows that an interrupted run or a dry run has not committed", {}},
};
constexpr std::array erase_flags{
    first_day,
    last_day,
    one_day,
    command_flag{"--where",
                 "SQL",
                 "the rows for which the database says that this condition over their columns is true",
                 {}},
    command_flag{"--yes", "", "erase them, and print a receipt in JSON; otherwise they are only counted", {}},
    command_flag{"--output", "FORMAT", "how the count is printed: text or json", formats, "-o"},
};
constexpr std::array verify_flags{
    first_day, last_day,
    command_flag{
        "--against", "TABLE", "also compare the content with this table, for example a restored one", {}},
    output};
constexpr std::array output_only{output};
constexpr std::array config_flags{
    command_flag{"--changed", "", "only settings that differ from their default or have a mistake", {}},
    output};
constexpr std::array send_flags{
    command_flag{
        "--to",
        "URL",
        "the server, without /events/… or /liveEvent (default http://localhost:8000); events go into "
        "topic `live`",
        {}},
    command_flag{"--batch",
                 "N",
                 "lines in a request (default 5000); 1 for a server that takes one event at a time",
                 {}},
    command_flag{"--watch", "", "wait for the file, and send it again whenever it changes", {}},
};
constexpr std::array journal_flags{
    command_flag{"--from", "N", "of `cat`: the first position (default: the oldest there is)", {}},
    command_flag{"--values", "", "of `cat`: the values alone, as POST /events/TOPIC takes them", {}}, output};
constexpr std::array<std::string_view, 5> checked{"archive", "restore", "export", "project", "serve"};
constexpr std::array check_flags{
    command_flag{
        "--for", "COMMAND",
        "what is prepared: `archive` (the default), `restore` in place, `export`, `project` or `serve`",
        checked},
    output};
constexpr std::array project_flags{
    command_flag{"--once", "", "until what there is now is applied, then exit 0", {}},
};
constexpr std::array projections_flags{
    command_flag{"--from",
                 "START",
                 "of `replay` and `rebuild`: a position, or a day as YYYY-MM-DD: the events accepted since",
                 {}},
    command_flag{"--detach", "", "of `rebuild`: return once it has begun", {}},
    command_flag{
        "--only-events",
        "",
        "of `replay` and `rebuild`: even where tables have rows that no event of the journal explains",
        {}},
    command_flag{"--drop", "", "of `forget`: the dead letters of that name, too", {}},
    output,
};
constexpr std::array dead_letters_flags{
    command_flag{"--retry", "", "apply them again, in order; those that are refused again stay", {}},
    command_flag{"--drop", "", "remove those at the positions that are given: 3,5,7-9", {}},
    output,
};

namespace group {
constexpr std::string_view archive = "Archive";
constexpr std::string_view exports = "Exports";
constexpr std::string_view events = "Events and APIs";
constexpr std::string_view program = "The program";
} // namespace group

constexpr std::array command_table{
    command_info{command::archive, "archive", group::archive,
                 "move events older than the retention period into storage, then delete them", output_only},
    command_info{command::plan, "plan", group::archive,
                 "what `archive` would do: days, rows, bytes, files, how it would read; changes nothing",
                 plan_flags},
    command_info{command::list, "list", group::archive,
                 "list archived days: file, rows, bytes, state, last change", list_flags},
    command_info{command::verify, "verify", group::archive,
                 "re-read archived days and prove them; names file, byte and row of each difference",
                 verify_flags},
    command_info{command::restore, "restore", group::archive,
                 "bring days back: --from and --to, or --day; in place, or --into another table",
                 flags_of_restore, "(--day DAY | --from DAY | --to DAY)"},
    command_info{command::recover, "recover", group::archive,
                 "complete or undo what an interrupted run left, and nothing else", recover_flags},
    command_info{command::cat, "cat", group::archive,
                 "print rows of archived days to standard output as one CSV, in order of days", cat_flags,
                 "(--day DAY | --from DAY | --to DAY)"},
    command_info{command::erase, "erase", group::archive,
                 "remove rows that match --where from the table and from archived days; only counts them "
                 "without --yes",
                 erase_flags, "--where SQL"},
    command_info{command::check, "check", group::archive,
                 "preflight: database, privileges, index, storage, clock; what is missing and how to grant "
                 "it",
                 check_flags},
    command_info{command::export_tasks,
                 "export",
                 group::exports,
                 "run export tasks, all if none is named: rows into a file, then delete them",
                 export_flags,
                 "[TASK...]",
                 "TASK",
                 {},
                 true,
                 name_kind::tasks},
    command_info{
        command::send, "send", group::events,
        "send the events of a file (default events.jsonl), a JSON object a line, to a server, in order; "
        "continues where it stopped",
        send_flags, "[FILE]", "FILE"},
    command_info{command::journal, "journal", group::events,
                 "show the journal's topics, positions, size and age; `cat TOPIC` prints events, `verify` "
                 "reads all of them",
                 journal_flags, "[cat TOPIC | verify]", "ACTION", journal_actions, true, name_kind::topics,
                 action_with_topic},
    command_info{command::serve, "serve", group::events,
                 "offer APIs over HTTP, those of --apis: export tasks by request, events into the journal"},
    command_info{command::project,
                 "project",
                 group::events,
                 "apply the events of the journal to tables, for all projections if none is named",
                 project_flags,
                 "[NAME...]",
                 "NAME",
                 {},
                 true,
                 name_kind::projections},
    command_info{command::projections, "projections", group::events,
                 "show each projection: position, lag, dead letters; or pause, resume, replay, rebuild or "
                 "forget one",
                 projections_flags, "[pause|resume|replay|rebuild|forget NAME]", "ACTION", projection_actions,
                 true, name_kind::projections, projection_actions},
    command_info{command::dead_letters,
                 "dead-letters",
                 group::events,
                 "list the events that the SQL of a projection refused; --retry or --drop them",
                 dead_letters_flags,
                 "NAME [POSITIONS...]",
                 "NAME",
                 {},
                 true,
                 name_kind::projections},
    command_info{
        command::migrate,
        "migrate",
        group::events,
        "create or upgrade the tables of projections, of all that are shipped or found if none is named; "
        "`project` and `serve` do it for those that run",
        {},
        "[NAME...]",
        "NAME",
        {},
        true,
        name_kind::projections},
    command_info{command::config, "config", group::program,
                 "show every setting, its value and where it came from; secrets are hidden", config_flags},
    command_info{command::completion,
                 "completion",
                 group::program,
                 "print a completion script for your shell",
                 {},
                 "bash|zsh|fish",
                 "SHELL",
                 shells,
                 true},
    command_info{command::version, "version", group::program,
                 "show the version, the commit it was built from, and the libraries", output_only},
    command_info{command::help,
                 "help",
                 group::program,
                 "show this help, that of a command, every variable (`environment`), the exit codes "
                 "(`exit-codes`), or all of it as a man page (`man`)",
                 {},
                 "[TOPIC]",
                 "TOPIC",
                 topics},
};

} // namespace

std::span<const command_info> commands() noexcept { return command_table; }

const command_info& info_of(command which) {
    for (const auto& info : command_table)
        if (info.command == which)
            return info;
    throw std::out_of_range("no such command");
}

const command_info* find_command(std::string_view name) noexcept {
    const auto* const found = std::ranges::find(command_table, name, &command_info::name);
    return found == command_table.end() ? nullptr : found;
}

bool is_inquiry(command which) noexcept {
    return which == command::plan || which == command::list || which == command::cat ||
           which == command::verify || which == command::check;
}

} // namespace app
