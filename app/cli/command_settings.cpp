#include "app/cli/command_settings.hpp"

#include <algorithm>
#include <array>
#include <span>

namespace app {

namespace {

using name_list = std::span<const std::string_view>;

// Any setting may stand in it.
constexpr std::string_view config_file = "EVENT_ARCHIVER_CONFIG";

namespace group {

// What commands take is put together from these. Each name is that of a variable.
constexpr std::string_view logging[] = {"LOG_LEVEL", "LOG_FORMAT"};
constexpr std::string_view database[] = {"PG_CONNECTION_STRING", "ARCHIVE_DATABASE_AUTH"};
constexpr std::string_view lake[] = {"AZURE_STORAGE_ACCOUNT", "ARCHIVE_ALLOW_HTTP", "ARCHIVE_PATH",
                                     "ARCHIVE_REQUEST_TIMEOUT", "ARCHIVE_RETRIES"};
constexpr std::string_view table[] = {"ARCHIVE_TABLE", "ARCHIVE_TIME_COLUMN", "ARCHIVE_KEY_COLUMN"};
constexpr std::string_view due[] = {"EVENT_RETENTION_PERIOD", "ARCHIVE_WHOLE_DAYS", "ARCHIVE_MAX_DAYS",
                                    "ARCHIVE_MAX_ROWS", "ARCHIVE_SHARD"};
// Properties of files in storage; settling a file restates them.
constexpr std::string_view placement[] = {"ARCHIVE_TIER", "ARCHIVE_TAGS", "ARCHIVE_ENCRYPTION_SCOPE"};
constexpr std::string_view resources[] = {"ARCHIVE_PARALLEL", "ARCHIVE_MEMORY"};
constexpr std::string_view waits[] = {"ARCHIVE_LOCK_WAIT", "ARCHIVE_SETTLE_WAIT"};
constexpr std::string_view metrics[] = {"ARCHIVE_METRICS_FILE", "ARCHIVE_PUSHGATEWAY"};
constexpr std::string_view tasks[] = {"DSL_PATH", "EXPORT_TIME_ZONE"};
constexpr std::string_view sink_of_exports[] = {"EXPORT_TO", "EXPORT_PATH", "EXPORT_LAKE_PATH"};

// These identify the owner that the folder would have.
constexpr std::string_view owner[] = {"PG_CONNECTION_STRING", "ARCHIVE_DATABASE_AUTH", "ARCHIVE_TABLE"};

constexpr std::string_view forecast[] = {"ARCHIVE_COMMIT", "ARCHIVE_COMPRESSION", "ARCHIVE_RATE_LIMIT",
                                         "ARCHIVE_TRACE"};
constexpr std::string_view running[] = {"DRY_RUN", "ARCHIVE_TRACE", "ARCHIVE_REPORT"};
constexpr std::string_view erasing[] = {"DRY_RUN", "ARCHIVE_TRACE"};
constexpr std::string_view settling[] = {"ARCHIVE_SHARD", "ARCHIVE_TRACE", "ARCHIVE_REPORT"};
constexpr std::string_view exporting[] = {"DRY_RUN", "ARCHIVE_MEMORY", "ARCHIVE_SIDE_EFFECTS"};
constexpr std::string_view foreseeing[] = {"ARCHIVE_SIDE_EFFECTS"};
constexpr std::string_view requests[] = {"ARCHIVE_REQUEST_TIMEOUT", "ARCHIVE_RETRIES"};
constexpr std::string_view journal[] = {"JOURNAL"};
constexpr std::string_view projecting[] = {"JOURNAL", "PROJECT", "PROJECTIONS_PATH",
                                           "EVENT_ARCHIVER_KNEXFILE"};
constexpr std::string_view health[] = {"PROJECT_HEALTH_PORT"};
constexpr std::string_view serving[] = {"SERVE_APIS", "SERVE_ADDRESS", "SERVE_PORT"};
constexpr std::string_view listening[] = {"SERVE_ADDRESS", "SERVE_HOSTS"};
constexpr std::string_view reading[] = {"ARCHIVE_MEMORY"}; // the longest row of a file of others
constexpr std::string_view replaying[] = {"ARCHIVE_TABLE", "EVENT_RETENTION_PERIOD", "ARCHIVE_WHOLE_DAYS"};
constexpr std::string_view trace[] = {"ARCHIVE_TRACE"};
constexpr std::string_view trace_and_report[] = {"ARCHIVE_TRACE", "ARCHIVE_REPORT"};

} // namespace group

bool among(std::initializer_list<name_list> lists, std::string_view name) {
    return std::ranges::any_of(
        lists, [name](name_list list) { return std::ranges::find(list, name) != list.end(); });
}

bool recovers_archive(std::string_view name) {
    return name == config_file || among({group::logging, group::database, group::lake, group::table,
                                         group::placement, group::resources, group::waits, group::settling},
                                        name);
}

bool recovers_exports(std::string_view name) {
    return name == config_file || among({group::logging, group::database, group::lake, group::placement,
                                         group::waits, group::sink_of_exports, group::trace},
                                        name);
}

bool exports_take(const option& setting) {
    return setting.audience == audience::exports || among({group::logging, group::database, group::lake,
                                                           group::placement, group::waits, group::exporting},
                                                          setting.environment);
}

// What commands take besides --config; `takes` has the rules of those that are not listed.
struct taken {
    command which;
    std::initializer_list<name_list> groups; // constants, as the table itself
};

constexpr taken taken_by_groups[] = {
    {command::plan,
     {group::logging, group::database, group::lake, group::table, group::due, group::resources,
      group::forecast, group::foreseeing}},
    {command::restore,
     {group::logging, group::database, group::lake, group::table, group::placement, group::resources,
      group::waits, group::running, group::foreseeing}},
    {command::erase,
     {group::logging, group::database, group::lake, group::table, group::placement, group::resources,
      group::waits, group::erasing, group::foreseeing}},
    {command::verify,
     {group::logging, group::database, group::lake, group::table, group::resources, group::trace}},
    {command::check,
     {group::logging, group::database, group::lake, group::table, group::placement, group::trace,
      group::foreseeing, group::projecting, group::sink_of_exports, group::tasks, group::serving}},
    {command::list, {group::logging, group::lake, group::owner, group::trace_and_report}},
    {command::cat, {group::logging, group::lake, group::owner, group::reading, group::trace}},
    {command::send, {group::logging, group::requests}},
    {command::journal, {group::logging, group::database, group::journal}}, // its positions
    {command::project,
     {group::logging, group::database, group::projecting, group::requests, group::metrics, group::health,
      group::listening}},
    // What is archived is left out of a replay.
    {command::projections,
     {group::logging, group::database, group::projecting, group::requests, group::lake, group::replaying}},
    {command::dead_letters, {group::logging, group::database, group::projecting, group::requests}},
    {command::migrate, {group::logging, group::database, group::projecting, group::requests}},
};

bool takes(command which, const option& setting) {
    const auto name = setting.environment;
    if (name == config_file)
        return which != command::completion && which != command::version && which != command::help;
    if (which == command::config)
        return true;
    if (which == command::archive)
        return setting.audience == audience::everybody;
    if (which == command::recover)
        return recovers_archive(name) || recovers_exports(name);
    if (which == command::export_tasks)
        return exports_take(setting) || among({group::metrics, group::trace}, name);
    if (which == command::serve) // a server's trace would have no end
        return exports_take(setting) ||
               (setting.audience == audience::serving && !among({group::health}, name));
    return std::ranges::any_of(taken_by_groups, [which, name](const taken& each) {
        return each.which == which && among(each.groups, name);
    });
}

} // namespace

std::vector<const option*> settings_of(const command_info& info) {
    std::vector<const option*> taken;
    for (const auto& setting : options())
        if (!setting.flag.empty() && takes(info.command, setting))
            taken.push_back(&setting);
    return taken;
}

std::string_view unused_by_recover(bool exports, const std::vector<std::string_view>& flags) {
    for (const auto& setting : options())
        if (std::ranges::find(flags, setting.flag) != flags.end() &&
            !(exports ? recovers_exports(setting.environment) : recovers_archive(setting.environment)))
            return setting.flag;
    return {};
}

std::string commands_with(std::string_view flag) {
    const auto is_own = [flag](const command_flag& each) {
        return each.name == flag || (!each.short_name.empty() && each.short_name == flag);
    };
    const auto is_of = [flag](const option* setting) {
        return setting->flag == flag || (!setting->short_flag.empty() && setting->short_flag == flag);
    };
    std::string found;
    for (const auto& info : commands()) {
        const auto settings = settings_of(info);
        if (info.command != command::config &&
            (std::ranges::any_of(info.flags, is_own) || std::ranges::any_of(settings, is_of)))
            found += (found.empty() ? "" : ", ") + std::string(info.name);
    }
    return found;
}

} // namespace app
