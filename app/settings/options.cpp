#include "app/settings/options.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace app {

std::span<const option> options() noexcept {
    using enum option_kind;
    using enum secrecy;
    constexpr auto exports = audience::exports;
    static constexpr std::array table{
        option{"PG_CONNECTION_STRING", "--database", "", "CONNINFO",
               "the database: a libpq URI or key=value form; PG* variables apply as in psql (required)", text,
               database},
        option{"AZURE_STORAGE_CONNECTION_STRING", "", "", "STRING",
               "the lake, as the Azure portal gives it: account key, SAS, or UseDevelopmentStorage=true",
               text, secret},
        option{"AZURE_STORAGE_ACCOUNT", "--account", "", "NAME",
               "the storage account, instead of a connection string; with a key, a SAS token or, without "
               "either, an Entra identity"},
        option{"AZURE_STORAGE_KEY", "", "", "KEY", "the account's key, base64", text, secret},
        option{"AZURE_STORAGE_SAS_TOKEN", "", "", "TOKEN", "a shared access signature, instead of a key",
               text, secret},
        option{"AZURE_STORAGE_ENDPOINT", "", "", "URL",
               "where the account is, if not at https://NAME.blob.SUFFIX", text, secrecy::url},
        option{"AZURE_STORAGE_ENDPOINT_SUFFIX", "", "core.windows.net", "SUFFIX",
               "of another cloud: `core.chinacloudapi.cn`, `core.usgovcloudapi.net`"},
        option{"ARCHIVE_ALLOW_HTTP", "--allow-http", "false", "",
               "let a SAS and the rows go to a lake on another machine over http://, in clear text, without "
               "a word",
               flag},
        option{"AZURE_CLIENT_ID", "", "", "ID",
               "the identity: an application, or one of several managed identities"},
        option{"AZURE_TENANT_ID", "", "", "ID", "the application's tenant"},
        option{"AZURE_FEDERATED_TOKEN_FILE", "", "", "FILE",
               "AKS workload identity: set by its webhook, read anew for each token"},
        option{"AZURE_CLIENT_SECRET", "", "", "SECRET", "the application's secret", text, secret},
        option{"AZURE_CLIENT_CERTIFICATE_PATH", "", "", "FILE",
               "the application's RSA certificate and private key, PEM or PKCS #12"},
        option{"AZURE_CLIENT_CERTIFICATE_PASSWORD", "", "", "PASSWORD", "what opens that file", text, secret},
        option{"AZURE_AUTHORITY_HOST", "", "https://login.microsoftonline.com", "URL",
               "the server that issues tokens; other clouds have their own", text, secrecy::url},
        option{"AZURE_POD_IDENTITY_AUTHORITY_HOST", "", "http://169.254.169.254", "URL",
               "the server that issues tokens to managed identities", text, secrecy::url},
        option{"IDENTITY_ENDPOINT", "", "", "URL",
               "the same in App Service and Container Apps, which set it with IDENTITY_HEADER", text,
               secrecy::url},
        option{"IDENTITY_HEADER", "", "", "TEXT", "see IDENTITY_ENDPOINT", text, secret},
        option{"HTTPS_PROXY", "", "", "URL",
               "the proxy for HTTPS, http://user:password@host:port (also https_proxy)", text, secret,
               "https_proxy"},
        option{"NO_PROXY", "", "", "LIST",
               "hosts, domains and networks that are reached without it, or `*` (also no_proxy)", text, open,
               "no_proxy"},
        option{"ARCHIVE_DATABASE_AUTH", "--database-auth", "password", "KIND",
               "`password`: whatever libpq finds; `entra`: a token of the Entra identity, for Azure Database "
               "for PostgreSQL"},
        option{"ARCHIVE_PATH", "--path", "titan-pulse-event-archive", "PATH",
               "where files go: the container, then an optional folder; both are created if missing"},
        option{"EVENT_RETENTION_PERIOD", "--retention", "1 year", "PERIOD",
               "how long a row stays in the table: `1 year`, `90 days`, `P1Y2M`; calendar arithmetic in UTC"
               " (also ARCHIVE_RETENTION_PERIOD)",
               text, open, "ARCHIVE_RETENTION_PERIOD"},
        option{"DRY_RUN", "--dry-run", "false", "",
               "export and upload, delete nothing (also ARCHIVE_DRY_RUN)", flag, open, "ARCHIVE_DRY_RUN"},
        option{"ARCHIVE_TABLE", "--table", R"(public."Event")", "TABLE", "the table, written as in SQL"},
        option{"ARCHIVE_TIME_COLUMN", "--time-column", "created_at", "COLUMN",
               "its timestamp; `timestamp` is read as UTC, `timestamptz` is converted to UTC"},
        option{"ARCHIVE_KEY_COLUMN", "--key-column", "", "COLUMNS",
               "its key, unique by an index: a column, or several as in `tenant,id`; by default the primary "
               "key"},
        option{"ARCHIVE_WHOLE_DAYS", "--whole-days", "false", "",
               "move the cutoff back to midnight UTC, so that each file is written once", flag},
        option{"ARCHIVE_COMPRESSION", "--compression", "none", "KIND",
               "of new files: `none`, or `gzip` (`.csv.gz`, one gzip member per append)"},
        option{"ARCHIVE_TIER", "--tier", "", "TIER",
               "the access tier of files whose day is over: `hot`, `cool` or `cold`; unset: the account's"},
        option{"ARCHIVE_TAGS", "--tags", "", "LIST",
               "blob index tags of the files: `key=value,key=value`; those of others are kept"},
        option{"ARCHIVE_ENCRYPTION_SCOPE", "--encryption-scope", "", "NAME",
               "the encryption scope of new files; unset: the container's"},
        option{"ARCHIVE_PARALLEL", "--parallel", "4", "N",
               "days or table ranges in flight, each with a database connection (1 to 256)"},
        option{"ARCHIVE_MEMORY", "--memory", "32MiB", "SIZE",
               "bound on all buffers together (at least 1MiB)"},
        option{"ARCHIVE_REQUEST_TIMEOUT", "--request-timeout", "60s", "TIME",
               "limit for each try of a lake request"},
        option{"ARCHIVE_RETRIES", "--retries", "5", "N", "how often a lake request is repeated (0 to 100)"},
        option{"ARCHIVE_RATE_LIMIT", "--rate-limit", "", "SIZE", "bytes a second read from the database"},
        option{"ARCHIVE_MAX_DAYS", "--max-days", "", "N",
               "at most this number of days, oldest first; the rest stays for the next run"},
        option{"ARCHIVE_MAX_ROWS", "--max-rows", "", "N",
               "at most this number of rows, in whole days and at least one day, oldest first"},
        option{"ARCHIVE_COMMIT", "--commit", "run", "UNIT",
               "`run`: one transaction for everything; `day`: one a day, for long backfills"},
        option{"ARCHIVE_PARTITIONS", "--partitions", "delete", "HOW",
               "partitions whose every row is archived: `delete` the rows, or `detach` or `drop` them whole"},
        option{
            "ARCHIVE_SIDE_EFFECTS", "--side-effects", "refuse", "HOW",
            "what the DELETE changes beyond the archived rows (cascades, triggers, rules): `refuse` it with "
            "exit code 3, or `allow` and count it; with `export`, the flag stands for EXPORT_SIDE_EFFECTS"},
        option{
            "ARCHIVE_SHARD", "--shard", "0/1", "I/N",
            "only days whose number since 1970-01-01 is I modulo N; `/N` takes I from JOB_COMPLETION_INDEX"},
        option{"ARCHIVE_PROVE", "--prove", "false", "",
               "read every published row back before COMMIT and compare checksums", flag},
        option{"ARCHIVE_LOCK_WAIT", "--lock-wait", "1s", "TIME",
               "how long to try for the lock before giving up with exit code 10"},
        option{"ARCHIVE_SETTLE_WAIT", "--settle-wait", "30s", "TIME",
               "how long to wait for other transactions that are in the way: a lock on the table or its "
               "rows, or an unfinished"
               " one that a file depends on"},
        option{"DATABASE_URL",
               "",
               "",
               "CONNINFO",
               "the database of exports, where PG_CONNECTION_STRING is not set",
               text,
               database,
               {},
               exports},
        option{"DB_URI",
               "",
               "",
               "CONNINFO",
               "the same, where neither of the two is set",
               text,
               database,
               {},
               exports},
        option{"DSL_PATH",
               "--tasks",
               "/DSL/Export",
               "DIR",
               "the export tasks: a directory for each, with select.sql and delete.sql; the default is /DSL "
               "where only that is there",
               text,
               open,
               {},
               exports},
        option{"EXPORT_TO",
               "--export-to",
               "directory",
               "SINK",
               "where exported files go: `directory` (EXPORT_PATH), or `lake` (EXPORT_LAKE_PATH)",
               text,
               open,
               {},
               exports},
        option{"EXPORT_PATH",
               "--export-path",
               "/exported-data",
               "DIR",
               "the directory for exported files",
               text,
               open,
               {},
               exports},
        option{"EXPORT_LAKE_PATH",
               "--lake-path",
               "",
               "PATH",
               "the lake's folder for them: the container, then an optional folder; unset: `exports` in "
               "ARCHIVE_PATH",
               text,
               open,
               {},
               exports},
        option{"EXPORT_TIME_ZONE",
               "--time-zone",
               "UTC",
               "ZONE",
               "whose midnight is the boundary of an export, and in which its times are written: "
               "`Europe/Tallinn`",
               text,
               open,
               {},
               exports},
        option{
            "EXPORT_SIDE_EFFECTS",
            "",
            "refuse",
            "HOW",
            "what delete.sql changes beyond the exported rows: `refuse` or `allow`; --side-effects beats it",
            text,
            open,
            {},
            exports},
        option{"EXPORT_PARALLEL",
               "--export-parallel",
               "4",
               "N",
               "exports that `serve` runs at a time, each with a database connection (1 to 64)",
               text,
               open,
               {},
               audience::serving},
        option{"SERVE_ADDRESS",
               "--listen",
               "127.0.0.1",
               "ADDRESS",
               "where `serve` listens, in numbers: `0.0.0.0` or `::` for everybody who can reach the machine",
               text,
               open,
               {},
               audience::serving},
        option{"SERVE_PORT",
               "--port",
               "8002",
               "PORT",
               "the port there; 0: any that is free, see the log",
               text,
               open,
               {},
               audience::serving},
        option{"SERVE_TOKEN",
               "",
               "",
               "TOKEN",
               "what clients have to send as `Authorization: Bearer TOKEN`, but for /livez and /readyz",
               text,
               secret,
               {},
               audience::serving},
        option{"SERVE_HOSTS",
               "--hosts",
               "",
               "LIST",
               "names under which `serve` without a token is asked, beside localhost: "
               "`exports.internal,10.0.0.7:8002`",
               text,
               open,
               {},
               audience::serving},
        option{"SERVE_CONNECTIONS",
               "--connections",
               "1024",
               "N",
               "clients that are served at a time; more wait in the system's queue (1 to 65536)",
               text,
               open,
               {},
               audience::serving},
        option{"SERVE_CLIENT_TIMEOUT",
               "--client-timeout",
               "30s",
               "TIME",
               "how long a client may take to send a body, or to read an answer or a piece of a file",
               text,
               open,
               {},
               audience::serving},
        option{"SERVE_GRACE",
               "--grace",
               "20s",
               "TIME",
               "how long exports that run may go on after SIGTERM before they are rolled back",
               text,
               open,
               {},
               audience::serving},
        option{"LOG_LEVEL", "--log-level", "info", "LEVEL", "`debug`, `info`, `warn` or `error`"},
        option{"ARCHIVE_TRACE", "--trace", "", "FILE",
               "write the run as a timeline there, for ui.perfetto.dev or chrome://tracing"},
        option{"LOG_FORMAT", "--log-format", "auto", "FORMAT",
               "`text`, `json`, or `auto`: text on a terminal"},
        option{"ARCHIVE_REPORT", "--report", "", "FILE",
               "write what was done as a page for a browser there: one file, nothing loaded from elsewhere"},
        option{"ARCHIVE_METRICS_FILE", "--metrics-file", "", "FILE",
               "write metrics there for the node exporter's textfile collector"},
        option{"ARCHIVE_PUSHGATEWAY", "--pushgateway", "", "URL",
               "push metrics to this Prometheus Pushgateway: `http://pushgateway:9091`", text, secrecy::url},
        option{"OTEL_EXPORTER_OTLP_ENDPOINT", "", "", "URL",
               "send metrics to this OpenTelemetry collector, as OTLP/HTTP JSON: `http://collector:4318`",
               text, secrecy::url},
        option{"OTEL_EXPORTER_OTLP_HEADERS", "", "", "LIST",
               "headers for it: `name=value,name=value`, percent-encoded", text, secret},
        option{"OTEL_SERVICE_NAME", "", "event-archiver", "NAME",
               "the service's name in what is sent to the collector"},
        option{"TERMINATION_LOG", "", "", "FILE",
               "write the end of the run there in a sentence; unset: /dev/termination-log, if it exists"},
    };
    return table;
}

namespace {

// A URL with a user or a query, a connection string, a signature: in a setting that should hold none of them.
bool looks_like_a_secret(std::string_view text) noexcept {
    const auto scheme = text.find("://");
    const auto query = text.find('?');
    const auto holds = [text](std::string_view part) { return text.find(part) != std::string_view::npos; };
    return (scheme != std::string_view::npos && text.find('@', scheme) != std::string_view::npos) ||
           (query != std::string_view::npos && text.find('=', query) != std::string_view::npos) ||
           holds("AccountKey=") || holds("SharedAccessSignature=") || holds("sig=") || holds("password=") ||
           holds("PASSWORD=") || holds("Password=");
}

} // namespace

bool may_show(const option& setting, std::string_view text) noexcept {
    if (setting.secrecy == secrecy::url)
        return text.find_first_of("@?") == std::string_view::npos;
    return setting.secrecy == secrecy::open && !looks_like_a_secret(text);
}

const option& option_named(std::string_view environment) {
    for (const auto& candidate : options())
        if (candidate.environment == environment)
            return candidate;
    throw std::out_of_range("no such option: " + std::string(environment));
}

namespace {

std::size_t edit_distance(std::string_view one, std::string_view other) {
    std::vector<std::size_t> row(other.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= one.size(); ++i) {
        auto diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= other.size(); ++j) {
            const auto replaced = diagonal + (one[i - 1] == other[j - 1] ? 0U : 1U);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

} // namespace

std::string_view nearest(std::string_view typed, std::span<const std::string_view> candidates) {
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, typed.size() / 3) + 1;
    for (const auto candidate : candidates)
        if (const auto distance = edit_distance(typed, candidate); distance < best_distance) {
            best = candidate;
            best_distance = distance;
        }
    return best;
}

} // namespace app
