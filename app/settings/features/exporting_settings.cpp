// The settings of the tasks of `export` and `serve`, and of the place of their files.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"
#include "db/side_effects.hpp"
#include "exports/time_zone.hpp"

#include <array>
#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

namespace app {

namespace {

constexpr std::array<std::pair<std::string_view, exports::destination>, 2> destinations{
    {{"directory", exports::destination::directory}, {"lake", exports::destination::lake}}};
constexpr auto destination_words = rows::words_of(destinations);

constexpr std::array exporting_rows{
    rows::of_exports({"DSL_PATH", "--tasks", "/DSL/Export", "DIR",
                      "the export tasks: a directory for each, with select.sql and delete.sql; the default "
                      "is /DSL if only that exists"}),
    rows::of_exports(
        rows::one_of(destination_words,
                     {"EXPORT_TO", "--export-to", "directory", "SINK",
                      "where exported files go: `directory` (EXPORT_PATH), or `lake` (EXPORT_LAKE_PATH)"})),
    rows::of_exports(
        {"EXPORT_PATH", "--export-path", "/exported-data", "DIR", "the directory for exported files"}),
    rows::of_exports({"EXPORT_LAKE_PATH", "--lake-path", "", "PATH",
                      "the folder for them in the storage account: the container, then an optional folder; "
                      "unset: `exports` "
                      "in ARCHIVE_PATH"}),
    rows::of_exports({"EXPORT_TIME_ZONE", "--time-zone", "UTC", "ZONE",
                      "the time zone of exports: its midnight is the boundary, and times are written in it: "
                      "`Europe/Tallinn`"}),
    rows::of_exports(
        {"EXPORT_SIDE_EFFECTS", "", "refuse", "HOW",
         "what delete.sql changes beyond the exported rows: `refuse` or `allow`; --side-effects beats it"}),
    rows::of_serving({"EXPORT_PARALLEL", "--export-parallel", "4", "N",
                      "exports that `serve` runs at a time, each with a database connection (1 to 64)"}),
};

namespace fs = std::filesystem;

// The mount points in the images of the service that this one replaces.
constexpr std::string_view older_tasks = "/DSL";

fs::path task_directory(const sourced_text& given) {
    std::error_code unknown;
    const bool older = given.from == source::standard && !fs::exists(given.text, unknown) &&
                       fs::is_directory(older_tasks, unknown);
    return older ? fs::path(older_tasks) : fs::path(given.text);
}

void check_lake_path(checker& settings) {
    auto& exports = settings.value().exporting;
    const auto& own = settings["EXPORT_LAKE_PATH"];
    auto parsed = parse_lake_path(own.set() ? own.text : settings["ARCHIVE_PATH"].text);
    if (auto* path = std::get_if<lake_path>(&parsed)) {
        exports.container = std::move(path->container);
        exports.folder = std::move(path->folder);
        if (!own.set())
            exports.folder += exports.folder.empty() ? "exports" : "/exports";
    } else if (own.set()) {
        settings.mistake("EXPORT_LAKE_PATH", std::get<std::string>(parsed));
    }
}

void check_place_and_tasks(checker& settings) {
    auto& exports = settings.value().exporting;
    exports.tasks = task_directory(settings["DSL_PATH"]);
    exports.directory = settings["EXPORT_PATH"].text;
    settings.choose<exports::destination>("EXPORT_TO", exports.to, destinations);
    if (exports.to == exports::destination::lake)
        check_lake_path(settings);
    exports.time_zone = settings["EXPORT_TIME_ZONE"].text;
    if (const auto clause = exports::time_zone_mistake(exports.time_zone); !clause.empty())
        settings.mistake("EXPORT_TIME_ZONE", clause);
}

void check_exporting(checker& settings) {
    const auto& job = settings.value().job;
    auto& exports = settings.value().exporting;
    if (settings.exporting())
        check_place_and_tasks(settings);
    if (settings["EXPORT_SIDE_EFFECTS"].from == source::flag) // the same flag: reported once
        exports.side_effects = job.side_effects;
    else
        settings.choose<db::side_effects>("EXPORT_SIDE_EFFECTS", exports.side_effects, side_effect_policies);
    if (settings.purpose() == purpose::serving)
        settings.read("EXPORT_PARALLEL", exports.parallel, count_from(1, 64));
    exports.dry_run = job.dry_run;
    exports.memory_bytes = job.memory_bytes;
    exports.lock_wait = job.lock_wait;
    exports.settle_wait = job.settle_wait;
}

} // namespace

feature exporting_settings() noexcept { return {"Exports", exporting_rows, check_exporting}; }

} // namespace app
