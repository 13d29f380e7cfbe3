#include "app/commands.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

namespace app {

namespace {

using words = std::array<std::string_view, 2>;

constexpr words formats{"text", "json"};
constexpr std::array<std::string_view, 3> shells{"bash", "zsh", "fish"};
constexpr std::array<std::string_view, 15> topics{
    "archive", "plan",   "recover",    "restore", "export",      "serve",      "list", "verify",
    "check",   "config", "completion", "version", "environment", "exit-codes", "man"};

constexpr command_flag output{"--output", "FORMAT", "what is printed: text or json", formats, "-o"};
constexpr command_flag from{"--from", "DAY", "the first day, as YYYY-MM-DD", {}};
constexpr command_flag to{"--to", "DAY", "the last day, itself included", {}};

constexpr std::array plan_flags{output};
constexpr std::array recover_flags{
    command_flag{"--keep",
                 "FILE",
                 "keep the pending rows of this file: a person has seen that the table lacks them",
                 {}},
    command_flag{"--discard",
                 "FILE",
                 "take the pending rows out of this file: a person has seen them in the table",
                 {}},
    command_flag{"--exports", "", "what interrupted exports left, and not `archive`", {}},
};
constexpr std::array export_flags{
    command_flag{"--boundary", "DAY", "the midnight before this day, as YYYY-MM-DD, in place of today's", {}},
    output};
constexpr std::array flags_of_restore{
    from,
    to,
    command_flag{"--day", "DAY", "this day alone", {}},
    command_flag{"--into",
                 "TABLE",
                 "copy into this table, made like the original if there is none; the archive is not touched",
                 {}},
    command_flag{"--hold",
                 "PERIOD",
                 "how long `archive` leaves days alone that went back in place, or none (default 30d)",
                 {}},
};
constexpr std::array list_flags{
    from, to, command_flag{"--calendar", "", "a year on a screen, each day shaded by its rows", {}}, output};
constexpr std::array verify_flags{
    from, to,
    command_flag{
        "--against", "TABLE", "also compare the content with this table, one that was restored, say", {}},
    output};
constexpr std::array output_only{output};

constexpr std::array command_table{
    command_info{command::archive, "archive",
                 "move events older than the retention period into the lake, then delete them",
                 settings_taken::archive},
    command_info{command::plan, "plan",
                 "what `archive` would do: days, rows, bytes, files, how it would read; changes nothing",
                 settings_taken::archive, plan_flags},
    command_info{command::recover, "recover", "settle what an interrupted run left, and nothing else",
                 settings_taken::all, recover_flags},
    command_info{command::restore, "restore",
                 "bring days back: --from and --to, or --day; in place, or --into another table",
                 settings_taken::archive, flags_of_restore},
    command_info{command::export_tasks,
                 "export",
                 "run export tasks, all if none is named: rows into a file, then delete them",
                 settings_taken::exports,
                 export_flags,
                 "TASK",
                 {},
                 true},
    command_info{command::serve, "serve",
                 "wait for requests to run export tasks: a REST API, see docs/exports.md",
                 settings_taken::serving},
    command_info{command::list, "list", "archived days: file, rows, bytes, state, last change",
                 settings_taken::lake, list_flags},
    command_info{command::verify, "verify",
                 "re-read archived days and prove them; names file, byte and row of each difference",
                 settings_taken::archive, verify_flags},
    command_info{command::check, "check",
                 "preflight: database, privileges, index, lake, clock; what is missing and how to grant it",
                 settings_taken::archive, output_only},
    command_info{command::config, "config", "every setting in force and where it came from; secrets hidden",
                 settings_taken::all, output_only},
    command_info{command::completion,
                 "completion",
                 "a completion script for your shell",
                 settings_taken::none,
                 {},
                 "SHELL",
                 shells},
    command_info{command::version, "version", "the version", settings_taken::none, output_only},
    command_info{
        command::help,
        "help",
        "this help, or that of a command, of `environment`, `exit-codes`, or all of it as a man page",
        settings_taken::none,
        {},
        "TOPIC",
        topics},
};

// What reaches the lake and no more.
constexpr std::array<std::string_view, 7> lake_settings{"AZURE_STORAGE_ACCOUNT",
                                                        "ARCHIVE_PATH",
                                                        "ARCHIVE_REQUEST_TIMEOUT",
                                                        "ARCHIVE_RETRIES",
                                                        "ARCHIVE_REPORT",
                                                        "LOG_LEVEL",
                                                        "LOG_FORMAT"};

// What an export takes beside its own.
constexpr std::array<std::string_view, 13> settings_of_exports{"PG_CONNECTION_STRING",
                                                               "AZURE_STORAGE_ACCOUNT",
                                                               "ARCHIVE_DATABASE_AUTH",
                                                               "ARCHIVE_PATH",
                                                               "DRY_RUN",
                                                               "ARCHIVE_MEMORY",
                                                               "ARCHIVE_RETRIES",
                                                               "ARCHIVE_REQUEST_TIMEOUT",
                                                               "ARCHIVE_LOCK_WAIT",
                                                               "ARCHIVE_SETTLE_WAIT",
                                                               "LOG_LEVEL",
                                                               "LOG_FORMAT",
                                                               "ARCHIVE_TRACE"};

bool takes(const command_info& info, const option& setting) {
    const auto among = [&setting](const auto& names) {
        return std::ranges::find(names, setting.environment) != names.end();
    };
    switch (info.settings) {
    case settings_taken::all:
        return true;
    case settings_taken::archive:
        return setting.audience == audience::everybody;
    case settings_taken::lake:
        return among(lake_settings);
    case settings_taken::exports:
        return setting.audience == audience::exports || among(settings_of_exports);
    case settings_taken::serving: // which has no end that a trace could be drawn up to
        return setting.audience != audience::everybody ||
               (among(settings_of_exports) && setting.environment != "ARCHIVE_TRACE");
    case settings_taken::none:
        break;
    }
    return false;
}

} // namespace

std::span<const command_info> commands() noexcept { return command_table; }

const command_info& info_of(command which) {
    for (const auto& info : command_table)
        if (info.command == which)
            return info;
    throw std::out_of_range("no such command");
}

std::vector<const option*> settings_of(const command_info& info) {
    std::vector<const option*> taken;
    for (const auto& setting : options())
        if (!setting.flag.empty() && takes(info, setting))
            taken.push_back(&setting);
    return taken;
}

bool is_inquiry(command which) noexcept {
    return which == command::plan || which == command::list || which == command::verify ||
           which == command::check;
}

} // namespace app
