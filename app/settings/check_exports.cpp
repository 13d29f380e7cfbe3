#include "app/settings/check_exports.hpp"

#include "app/settings/mistake.hpp"
#include "app/settings/parse.hpp"
#include "exports/time_zone.hpp"

#include <filesystem>
#include <system_error>
#include <utility>
#include <variant>

namespace app {

namespace {

namespace fs = std::filesystem;

// As the images of the service that this one takes the place of have it mounted.
constexpr std::string_view older_tasks = "/DSL";

fs::path task_directory(const sourced_text& given) {
    std::error_code unknown;
    const bool older = given.from == source::standard && !fs::exists(given.text, unknown) &&
                       fs::is_directory(older_tasks, unknown);
    return older ? fs::path(older_tasks) : fs::path(given.text);
}

void mistake(const texts& given, std::string_view name, std::string_view clause,
             checked_configuration& result) {
    result.mistakes.push_back(mistake_in(option_named(name), given[name], clause));
    result.wrong.insert(std::string(name));
}

void check_lake_path(const texts& given, checked_configuration& result) {
    auto& exports = result.value.exporting;
    const auto& own = given["EXPORT_LAKE_PATH"];
    auto parsed = parse_lake_path(own.set() ? own.text : given["ARCHIVE_PATH"].text);
    if (auto* path = std::get_if<lake_path>(&parsed)) {
        exports.container = std::move(path->container);
        exports.folder = std::move(path->folder);
        if (!own.set())
            exports.folder += exports.folder.empty() ? "exports" : "/exports";
    } else if (own.set()) {
        mistake(given, "EXPORT_LAKE_PATH", std::get<std::string>(parsed), result);
    }
}

} // namespace

void check_exports(const texts& given, checked_configuration& result) {
    auto& exports = result.value.exporting;
    exports.tasks = task_directory(given["DSL_PATH"]);
    exports.directory = given["EXPORT_PATH"].text;
    const auto& to = given["EXPORT_TO"].text;
    if (to == "lake")
        exports.to = exports::destination::lake;
    else if (to != "directory")
        mistake(given, "EXPORT_TO", "give one of directory, lake", result);
    if (exports.to == exports::destination::lake)
        check_lake_path(given, result);
    exports.time_zone = given["EXPORT_TIME_ZONE"].text;
    if (const auto clause = exports::time_zone_mistake(exports.time_zone); !clause.empty())
        mistake(given, "EXPORT_TIME_ZONE", clause, result);
}

} // namespace app
