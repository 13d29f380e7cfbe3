// What settings do in a command where they do something else than elsewhere, and the headings in its help.
// Tested by tests/unit/app/cli/help_test.cpp.
#include "app/cli/command_settings.hpp"
#include "app/settings/features.hpp"

#include <algorithm>
#include <array>

namespace app {

namespace {

// The container is made by what writes files of its own accord.
constexpr std::array makes_the_container{command::archive, command::export_tasks, command::serve,
                                         command::config};

struct other_help {
    command which;
    std::string_view name;
    std::string_view text;
};

constexpr std::array other_helps{
    other_help{command::restore, "DRY_RUN", "try whether the rows can be restored, and roll back"},
    other_help{
        command::restore, "ARCHIVE_SIDE_EFFECTS",
        "what the INSERT changes beyond the restored rows (triggers, rules): `refuse` it with exit code "
        "3, or `allow` and count it"},
    other_help{command::erase, "ARCHIVE_SIDE_EFFECTS",
               "what the DELETE changes beyond the erased rows (cascades, triggers, rules): `refuse` it with "
               "exit code 3, or `allow` and count it"},
    other_help{command::verify, "ARCHIVE_PARALLEL", "files that are read at a time (1 to 256)"},
    other_help{command::export_tasks, "ARCHIVE_TIER",
               "the access tier of exported files: `hot`, `cool` or `cold`; unset: the account's"},
    other_help{
        command::projections, "EVENT_RETENTION_PERIOD",
        "how long `archive` leaves a row in the table; without a storage account, `replay` leaves older "
        "events out"},
    other_help{command::projections, "ARCHIVE_TABLE", "the table that `archive` archives, written as in SQL"},
    other_help{command::project, "SERVE_ADDRESS", "the IP address that --health-port is on"},
    other_help{command::project, "SERVE_HOSTS",
               "names under which clients may reach --health-port without a token, besides localhost"},
    other_help{command::erase, "DRY_RUN", "only count the rows, also with --yes"},
    other_help{command::export_tasks, "DRY_RUN", "try the tasks and roll back; no file is left"},
    other_help{command::serve, "DRY_RUN", "try the tasks and roll back; no file is left"},
    other_help{
        command::export_tasks, "ARCHIVE_SIDE_EFFECTS",
        "what delete.sql changes beyond the exported rows: `refuse` it with exit code 3, or `allow` it "
        "(also EXPORT_SIDE_EFFECTS)"},
    other_help{
        command::serve, "ARCHIVE_SIDE_EFFECTS",
        "what delete.sql changes beyond the exported rows: `refuse` it with exit code 3, or `allow` it "
        "(also EXPORT_SIDE_EFFECTS)"},
    other_help{command::serve, "PG_CONNECTION_STRING",
               "the database: a libpq URI or key=value form; APIs without projections and queries need none"},
    other_help{command::serve, "PROJECT",
               "the projections to run: names, `all` or `none`; unset: those of the APIs"},
    other_help{command::journal, "PG_CONNECTION_STRING",
               "the database with the positions of projections, which `verify` compares; not needed"},
    other_help{command::list, "PG_CONNECTION_STRING",
               "the database that the folder should belong to; not needed"},
    other_help{command::cat, "PG_CONNECTION_STRING", "the database that judges --where; not needed without"},
    other_help{command::send, "ARCHIVE_REQUEST_TIMEOUT",
               "limit for each try of a request; SERVE_TOKEN or LIVE_SECRET goes along with each"},
    other_help{command::project, "ARCHIVE_RETRIES",
               "with --once, how often a statement that fails for a moment is repeated (0 to 100); without, "
               "there is no limit"},
};

// Of commands that store no files: what they repeat are statements, and requests for a token.
constexpr std::array without_storage{command::project, command::dead_letters, command::migrate};

bool is_without_storage(command which) noexcept {
    return std::ranges::find(without_storage, which) != without_storage.end();
}

} // namespace

std::string_view help_in(command which, const option& setting) noexcept {
    for (const auto& each : other_helps)
        if (each.which == which && each.name == setting.environment)
            return each.text;
    if (setting.environment == "ARCHIVE_PATH" &&
        std::ranges::find(makes_the_container, which) == makes_the_container.end())
        return "where the files are: the container, then an optional folder";
    if (setting.environment == "JOURNAL" && which != command::serve && which != command::config)
        return "where events are kept: a directory, or `kafka://host:port,host:port`";
    if (is_without_storage(which) && setting.environment == "ARCHIVE_RETRIES")
        return "how often a statement that fails for a moment is repeated (0 to 100)";
    if (is_without_storage(which) && setting.environment == "ARCHIVE_REQUEST_TIMEOUT")
        return "limit for each try of a request for an Entra token";
    return setting.help;
}

std::string_view heading_in(command which, const option& setting) noexcept {
    if (setting.environment != "ARCHIVE_REQUEST_TIMEOUT" && setting.environment != "ARCHIVE_RETRIES")
        return title_of(setting);
    return which == command::send      ? "Requests to the server"
           : is_without_storage(which) ? "Tries"
                                       : title_of(setting);
}

} // namespace app
