// The settings of the database, and how long a run waits for others there.
// Tested by tests/unit/app/settings/configuration_test.cpp.
#include "app/settings/database_url.hpp"
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"
#include "db/conninfo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace app {

namespace {

// True: by a token of the identity.
constexpr std::array<std::pair<std::string_view, bool>, 2> sign_ins{{{"password", false}, {"entra", true}}};
constexpr auto sign_in_words = rows::words_of(sign_ins);

constexpr std::array database_rows{
    rows::database(
        {"PG_CONNECTION_STRING", "--database", "", "CONNINFO",
         "the database: a libpq URI or key=value form; PG* variables apply as in psql (required)"}),
    rows::of_exports(rows::database({"DATABASE_URL", "", "", "CONNINFO",
                                     "the database of exports, where PG_CONNECTION_STRING is not set"})),
    rows::of_exports(rows::database(
        {"DB_URI", "", "", "CONNINFO",
         "the database of exports, where neither PG_CONNECTION_STRING nor DATABASE_URL is set"})),
    rows::of_serving(
        rows::database({"DB_URL", "", "", "URL",
                        "the database of APIs and projections, where PG_CONNECTION_STRING is not set: "
                        "jdbc:postgresql://host:5432/name"})),
    rows::of_serving({"DB_USERNAME", "", "", "NAME", "the user for DB_URL"}),
    rows::of_serving(rows::secret({"DB_PASSWORD", "", "", "PASSWORD", "the password for DB_URL"})),
    rows::one_of(
        sign_in_words,
        {"ARCHIVE_DATABASE_AUTH", "--database-auth", "password", "KIND",
         "`password`: whatever libpq finds; `entra`: a token of the Entra identity, for Azure Database for "
         "PostgreSQL"}),
    option{"ARCHIVE_LOCK_WAIT", "--lock-wait", "1s", "TIME",
           "how long to try for the lock before giving up with exit code 10"},
    option{"ARCHIVE_SETTLE_WAIT", "--settle-wait", "30s", "TIME",
           "how long to wait for other transactions that are in the way: a lock on the table or its rows, or "
           "an unfinished one that a file depends on"},
};

constexpr std::array<std::string_view, 3> connection_strings{"PG_CONNECTION_STRING", "DATABASE_URL",
                                                             "DB_URI"};

// The first of these variables that is set counts.
void check_connection_string(checker& settings, std::span<const std::string_view> names) {
    const auto name = std::ranges::find_if(names, [&](auto each) { return settings[each].set(); });
    if (name == names.end() && std::ranges::any_of(names, [&](auto each) { return settings[each].unread; }))
        return;
    if (name == names.end()) {
        settings.mistake_of_several(fmt::format(
            "{} is not set: give the database as postgresql://user@host:5432/name", names.front()));
        return;
    }
    settings.value().database = settings[*name].text;
    if (const auto clause = db::conninfo_mistake(settings.value().database))
        settings.mistake(*name, clause->starts_with("missing \"=\"")
                                    ? *clause + "; give it as postgresql://user@host:5432/name"
                                    : *clause);
}

bool needs_database(const checker& settings) {
    switch (settings.purpose()) {
    case purpose::archive:
    case purpose::exports:
    case purpose::projecting:
    case purpose::replaying:
        return true;
    case purpose::inventory:
    case purpose::journal:
    case purpose::sending:
        break;
    case purpose::serving: // the generic API has no projection of its own
        return settings.exporting() || settings["JOURNAL"].text == "none" ||
               (settings["PROJECT"].text != "none" &&
                !(settings["SERVE_APIS"].text == "events" && !settings["PROJECT"].set()));
    }
    return false;
}

// In the form of a service in Java. True if it counts, whether it is right or not.
bool check_database_url(checker& settings) {
    const auto& url = settings["DB_URL"];
    const bool projects = settings.purpose() == purpose::serving ||
                          settings.purpose() == purpose::projecting ||
                          settings.purpose() == purpose::replaying || settings.purpose() == purpose::journal;
    if (!projects || !url.set() || settings["PG_CONNECTION_STRING"].set())
        return false;
    auto read = conninfo_from_url(url.text, settings["DB_USERNAME"].text, settings["DB_PASSWORD"].text);
    if (!read.mistake.empty())
        settings.mistake("DB_URL", read.mistake);
    settings.value().database = std::move(read.conninfo);
    return true;
}

void check_database(checker& settings) {
    auto& value = settings.value();
    const std::span<const std::string_view> names(connection_strings);
    const bool as_exports = settings.exporting() || settings.purpose() == purpose::serving;
    const bool by_url = check_database_url(settings);
    if (!by_url && needs_database(settings)) {
        check_connection_string(settings, as_exports ? names : names.first(1));
    } else if (const auto& given = settings["PG_CONNECTION_STRING"];
               !by_url && given.set() && !db::conninfo_mistake(given.text)) {
        value.database = given.text; // only to compare the owner of the folder; the answer does not need it
    }
    settings.choose<bool>("ARCHIVE_DATABASE_AUTH", value.database_by_identity, sign_ins);
    settings.read("ARCHIVE_LOCK_WAIT", value.job.lock_wait, parse_time);
    settings.read("ARCHIVE_SETTLE_WAIT", value.job.settle_wait, parse_time);
}

} // namespace

feature database_settings() noexcept { return {"Database", database_rows, check_database}; }

} // namespace app
