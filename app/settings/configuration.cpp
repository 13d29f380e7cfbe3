#include "app/settings/configuration.hpp"

#include "app/settings/check_azure.hpp"
#include "app/settings/check_exports.hpp"
#include "app/settings/check_serve.hpp"
#include "app/settings/mistake.hpp"
#include "app/settings/parse.hpp"
#include "app/settings/parse_placement.hpp"
#include "archive/retention.hpp"
#include "db/connection.hpp"
#include "db/side_effects.hpp"
#include "http/client/endpoint.hpp"
#include "telemetry/otlp.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

namespace app {

namespace {

class checker {
  public:
    checker(const texts& given, std::vector<std::string>& mistakes, std::set<std::string, std::less<>>& wrong)
        : given_(given)
        , mistakes_(mistakes)
        , wrong_(wrong) {}

    // Applies `parse` to the setting's text if it has one, and keeps the value or the mistake.
    template <typename Target, typename Parse>
    void read(std::string_view name, Target& target, Parse parse) {
        const auto& text = given_[name];
        if (!text.set())
            return;
        auto result = parse(std::string_view(text.text));
        if (auto* clause = std::get_if<std::string>(&result))
            mistake(name, *clause);
        else
            target = static_cast<Target>(std::get<0>(std::move(result)));
    }

    // The same where both the value and the mistake are text.
    void read_name(std::string_view name, std::string& target, parsed_name (*parse)(std::string_view)) {
        auto result = parse(given_[name].text);
        if (result.mistake.empty())
            target = std::move(result.name);
        else
            mistake(name, result.mistake);
    }

    template <typename Value>
    void choose(std::string_view name, Value& target,
                std::span<const std::pair<std::string_view, Value>> choices) {
        const auto& text = given_[name].text;
        std::string known;
        for (const auto& [word, value] : choices) {
            if (text == word) {
                target = value;
                return;
            }
            known += fmt::format("{}{}", known.empty() ? "" : ", ", word);
        }
        mistake(name, "give one of " + known);
    }

    void mistake(std::string_view name, std::string_view clause) {
        mistakes_.push_back(mistake_in(option_named(name), given_[name], clause));
        wrong_.insert(std::string(name));
    }

  private:
    const texts& given_;
    std::vector<std::string>& mistakes_;
    std::set<std::string, std::less<>>& wrong_;
};

constexpr std::array<std::string_view, 3> databases{"PG_CONNECTION_STRING", "DATABASE_URL", "DB_URI"};

// The first of these variables that is set counts.
void check_database(const texts& given, std::span<const std::string_view> names,
                    checked_configuration& result) {
    auto name = names.begin();
    while (name != names.end() && !given[*name].set())
        ++name;
    if (name == names.end()) {
        result.mistakes.push_back(fmt::format(
            "{} is not set: give the database as postgresql://user@host:5432/name", names.front()));
        return;
    }
    result.value.database = given[*name].text;
    if (const auto clause = db::conninfo_mistake(result.value.database))
        result.mistakes.push_back(mistake_in(option_named(*name), given[*name], *clause));
}

parsed<http::endpoint> parse_url(std::string_view text) {
    auto found = http::parse_endpoint(text);
    if (!found.mistake.empty())
        return found.mistake + ": give it as http://host:port or https://host";
    return std::move(found.value);
}

void check_metrics(const texts& given, bool exporting, checker& settings, checked_configuration& result) {
    auto& metrics = result.value.metrics;
    metrics.file = given["ARCHIVE_METRICS_FILE"].text;
    settings.read("ARCHIVE_PUSHGATEWAY", metrics.pushgateway, parse_url);
    checker shared(given, result.value.unheeded, result.wrong);
    shared.read("OTEL_EXPORTER_OTLP_ENDPOINT", metrics.collector, parse_url);
    shared.read("OTEL_EXPORTER_OTLP_HEADERS", metrics.collector_headers, telemetry::parse_otlp_headers);
    metrics.service_name = given["OTEL_SERVICE_NAME"].text;
    metrics.instance = exporting
                           ? instance_of(result.value.account.name, result.value.exporting)
                           : instance_of(result.value.account.name, result.value.container, result.value.job);
}

} // namespace

std::string_view lake_identity(const configuration& settings) noexcept {
    const auto& credential = settings.account.credential;
    return settings.identity && std::holds_alternative<azure::entra_identity>(credential)
               ? azure::to_string(settings.identity->kind)
               : azure::to_string(credential);
}

checked_configuration check(const texts& given, const environment_lookup& environment, app::purpose purpose) {
    checked_configuration result;
    result.mistakes = given.mistakes;
    auto& value = result.value;
    auto& job = value.job;
    checker settings(given, result.mistakes, result.wrong);
    const auto at_least = [](std::uint64_t min,
                             std::uint64_t max = std::numeric_limits<std::uint64_t>::max()) {
        return [min, max](std::string_view text) { return parse_count(text, min, max); };
    };

    const std::span<const std::string_view> all_databases(databases);
    const bool exporting = purpose == purpose::exports || purpose == purpose::serving;
    if (purpose != purpose::inventory)
        check_database(given, exporting ? all_databases : all_databases.first(1), result);
    else if (const auto& database = given["PG_CONNECTION_STRING"];
             database.set() && !db::conninfo_mistake(database.text))
        value.database = database.text; // whose folder it is can be compared; the answer does not need it
    if (exporting)
        check_exports(given, result);
    if (purpose == purpose::serving)
        check_serve(given, result);
    if (!exporting || value.exporting.to == exports::destination::lake)
        check_account(given, result);
    static constexpr std::array<std::pair<std::string_view, bool>, 2> sign_ins{
        {{"password", false}, {"entra", true}}};
    settings.choose<bool>("ARCHIVE_DATABASE_AUTH", value.database_by_identity, sign_ins);
    check_identity(given, result);
    check_proxy(given, result);
    settings.read("EVENT_RETENTION_PERIOD", job.retention, archive::parse_retention);
    lake_path path;
    settings.read("ARCHIVE_PATH", path, parse_lake_path);
    value.container = path.container;
    job.folder = path.folder;
    settings.read_name("ARCHIVE_TIER", job.placement.sealed_tier, parse_tier);
    settings.read("ARCHIVE_TAGS", job.placement.tags, parse_tags);
    settings.read_name("ARCHIVE_ENCRYPTION_SCOPE", job.placement.encryption_scope, parse_encryption_scope);
    settings.read_name("ARCHIVE_TABLE", job.table, parse_table);
    settings.read_name("ARCHIVE_TIME_COLUMN", job.time_column, parse_column);
    settings.read("ARCHIVE_KEY_COLUMN", job.key_columns, parse_columns);
    settings.read("DRY_RUN", job.dry_run, parse_boolean);
    settings.read("ARCHIVE_WHOLE_DAYS", job.whole_days, parse_boolean);
    settings.read("ARCHIVE_PROVE", job.prove, parse_boolean);
    settings.read("ARCHIVE_PARALLEL", job.parallel, at_least(1, 256));
    settings.read("ARCHIVE_MEMORY", job.memory_bytes, [](std::string_view text) -> parsed<std::uint64_t> {
        auto size = parse_size(text);
        constexpr std::uint64_t smallest = std::uint64_t{1} << 20;
        constexpr std::uint64_t largest = std::uint64_t{1} << 40;
        if (const auto* bytes = std::get_if<0>(&size);
            bytes != nullptr && (*bytes < smallest || *bytes > largest))
            return "give at least 1MiB and at most 1TiB";
        return size;
    });
    settings.read("ARCHIVE_RATE_LIMIT", job.rate_limit, [](std::string_view text) -> parsed<std::uint64_t> {
        auto size = parse_size(text);
        if (const auto* bytes = std::get_if<0>(&size); bytes != nullptr && *bytes < 1024)
            return "give at least 1KiB a second";
        return size;
    });
    settings.read("ARCHIVE_MAX_DAYS", job.days_max, at_least(1));
    settings.read("ARCHIVE_MAX_ROWS", job.rows_max, at_least(1));
    settings.read("ARCHIVE_SHARD", job.shard, [&environment](std::string_view text) {
        return parse_shard(text, environment("JOB_COMPLETION_INDEX").value_or(""));
    });
    settings.read("ARCHIVE_LOCK_WAIT", job.lock_wait, parse_time);
    settings.read("ARCHIVE_SETTLE_WAIT", job.settle_wait, parse_time);
    settings.read("ARCHIVE_REQUEST_TIMEOUT", value.request_timeout,
                  [](std::string_view text) -> parsed<std::chrono::milliseconds> {
                      auto time = parse_time(text);
                      if (const auto* span = std::get_if<0>(&time); span != nullptr && span->count() < 100)
                          return "give at least 100ms";
                      return time;
                  });
    settings.read("ARCHIVE_RETRIES", value.retries, at_least(0, 100));

    static constexpr std::array<std::pair<std::string_view, archive::commit_unit>, 2> units{
        {{"run", archive::commit_unit::run}, {"day", archive::commit_unit::day}}};
    settings.choose<archive::commit_unit>("ARCHIVE_COMMIT", job.commit, units);
    if (job.dry_run && job.commit == archive::commit_unit::day)
        job.commit = archive::commit_unit::run; // nothing is committed, so there is nothing to cut into days
    static constexpr std::array<std::pair<std::string_view, archive::partition_removal>, 3> removals{
        {{"delete", archive::partition_removal::none},
         {"detach", archive::partition_removal::detach},
         {"drop", archive::partition_removal::drop}}};
    settings.choose<archive::partition_removal>("ARCHIVE_PARTITIONS", job.partitions, removals);
    static constexpr std::array<std::pair<std::string_view, db::side_effects>, 2> policies{
        {{"refuse", db::side_effects::refuse}, {"allow", db::side_effects::allow}}};
    settings.choose<db::side_effects>("ARCHIVE_SIDE_EFFECTS", job.side_effects, policies);
    if (given["EXPORT_SIDE_EFFECTS"].from == source::flag) // the same flag: a mistake in it is said once
        value.exporting.side_effects = job.side_effects;
    else
        settings.choose<db::side_effects>("EXPORT_SIDE_EFFECTS", value.exporting.side_effects, policies);
    if (job.partitions != archive::partition_removal::none && job.shard.count > 1)
        settings.mistake("ARCHIVE_PARTITIONS",
                         "a shard sees only some days of a partition: leave it at delete");
    static constexpr std::array<std::pair<std::string_view, lake::compression>, 2> compressions{
        {{"none", lake::compression::none}, {"gzip", lake::compression::gzip}}};
    settings.choose<lake::compression>("ARCHIVE_COMPRESSION", job.compression, compressions);
    static constexpr std::array<std::pair<std::string_view, async::log_level>, 4> levels{
        {{"debug", async::log_level::debug},
         {"info", async::log_level::info},
         {"warn", async::log_level::warn},
         {"error", async::log_level::error}}};
    settings.choose<async::log_level>("LOG_LEVEL", value.level, levels);
    static constexpr std::array<std::pair<std::string_view, log_format>, 3> formats{
        {{"auto", log_format::automatic}, {"text", log_format::text}, {"json", log_format::json}}};
    settings.choose<log_format>("LOG_FORMAT", value.format, formats);
    value.trace = given["ARCHIVE_TRACE"].text;
    value.report = given["ARCHIVE_REPORT"].text;
    value.termination_log = given["TERMINATION_LOG"].text;
    check_metrics(given, exporting, settings, result);
    value.exporting.dry_run = job.dry_run;
    value.exporting.memory_bytes = job.memory_bytes;
    value.exporting.lock_wait = job.lock_wait;
    value.exporting.settle_wait = job.settle_wait;
    return result;
}

} // namespace app
