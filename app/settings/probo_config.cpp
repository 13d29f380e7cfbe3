#include "app/settings/probo_config.hpp"

#include "app/settings/nearest.hpp"
#include "async/quotable.hpp"
#include "db/conninfo.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <utility>

namespace app {

namespace {

using kind = config_value::kind;
using name_span = std::span<const std::string_view>;

constexpr std::array<std::string_view, 7> top_names{
    "host", "port", "serverName", "version", "knex", "pluginDirectory", "buildsEventStream"};
constexpr std::array<std::string_view, 2> of_stream{"plugin", "config"};
constexpr std::array<std::string_view, 8> of_bus{"group",   "groupId", "topic",    "consumerTopic",
                                                 "version", "brokers", "clientId", "connectionString"};
// Entries for Knex alone have no meaning here.
constexpr std::array<std::string_view, 12> of_knex{"client",
                                                   "connection",
                                                   "pool",
                                                   "migrations",
                                                   "seeds",
                                                   "acquireConnectionTimeout",
                                                   "debug",
                                                   "version",
                                                   "log",
                                                   "searchPath",
                                                   "useNullAsDefault",
                                                   "asyncStackTraces"};
constexpr std::array<std::string_view, 12> of_connection{"host",
                                                         "port",
                                                         "database",
                                                         "user",
                                                         "password",
                                                         "ssl",
                                                         "connectionString",
                                                         "application_name",
                                                         "charset",
                                                         "statement_timeout",
                                                         "keepAlive",
                                                         "timezone"};
constexpr std::array<std::string_view, 5> clients{"pg", "postgres", "postgresql", "pg-native", "pgnative"};

class probo_reader {
  public:
    probo_reader(std::string_view file, const variable_lookup& environment, config_texts& into)
        : file_(file)
        , environment_(environment)
        , into_(into) {}

    void read(const config_entry& entry) {
        const auto& [name, value] = entry;
        if (value.is == kind::nothing || name == "serverName" || name == "version")
            return;
        if (name == "host")
            add("SERVE_ADDRESS", name, value, value.text == "localhost" ? "127.0.0.1" : value.text);
        else if (name == "port")
            add("SERVE_PORT", name, value, value.text);
        else if (name == "pluginDirectory")
            mistake(value,
                    "pluginDirectory names plugins in JavaScript, and no JavaScript is run: carry them "
                    "over to SQL, name their directory in projections_path, and take this away "
                    "(docs/coming-from.md)");
        else if (name == "knex")
            knex(value);
        else
            stream(value);
    }

    void knex(const config_value& value) {
        if (!is_map(value, "knex"))
            return;
        const auto* chosen = &value;
        if (value.find("client") == nullptr && value.find("connection") == nullptr && !value.map.empty()) {
            const auto which = environment_("NODE_ENV").value_or("production");
            chosen = value.find(which);
            if (chosen == nullptr)
                return mistake(value,
                               fmt::format("there is neither a connection nor an entry {}, which {}",
                                           async::quoted(which),
                                           environment_("NODE_ENV") ? "NODE_ENV names"
                                                                    : "counts where NODE_ENV is unset"));
            if (!is_map(*chosen, which))
                return;
        }
        must_know(*chosen, of_knex);
        const auto* const client = chosen->find("client");
        if (client != nullptr && std::ranges::find(clients, client->text) == clients.end())
            return mistake(*client, "client is not PostgreSQL's: give pg");
        if (const auto* const connection = chosen->find("connection"))
            connect(*connection);
    }

  private:
    void mistake(const config_value& at, std::string_view text) {
        into_.mistakes.push_back(fmt::format("{}, line {}: {}", file_, at.line, text));
    }

    bool is_map(const config_value& value, std::string_view name) {
        if (value.is != kind::map)
            mistake(value, fmt::format("{} holds names and values", name));
        return value.is == kind::map;
    }

    void must_know(const config_value& value, name_span known) {
        for (const auto& [name, inner] : value.map)
            if (std::ranges::find(known, name) == known.end()) {
                const auto near = nearest(name, known);
                mistake(inner,
                        fmt::format("{} is not known here{}", async::quoted(name),
                                    near.empty() ? fmt::format(": there are {}", fmt::join(known, ", "))
                                                 : fmt::format("; did you mean '{}'?", near)));
            }
    }

    void add(std::string_view setting, std::string_view name, const config_value& value, std::string text) {
        if (value.is != kind::text)
            return mistake(value, fmt::format("{} is one value", name));
        into_.add(setting, std::move(text), fmt::format("{} in {}", name, file_));
    }

    void connect(const config_value& value) {
        constexpr std::string_view setting = "PG_CONNECTION_STRING";
        if (value.is == kind::text)
            return add(setting, "connection", value, value.text);
        if (value.is == kind::nothing || !is_map(value, "connection"))
            return;
        must_know(value, of_connection);
        if (const auto* const whole = value.find("connectionString"))
            return add(setting, "connectionString", *whole, whole->text);
        if (auto conninfo = conninfo_of(value); !conninfo.empty())
            into_.add(setting, std::move(conninfo), fmt::format("connection in {}", file_));
    }

    std::string conninfo_of(const config_value& value) {
        static constexpr std::array<std::pair<std::string_view, std::string_view>, 6> keywords{
            {{"host", "host"},
             {"port", "port"},
             {"database", "dbname"},
             {"user", "user"},
             {"password", "password"},
             {"application_name", "application_name"}}};
        std::string conninfo;
        const auto append = [&conninfo](std::string_view keyword, std::string_view text) {
            conninfo +=
                fmt::format("{}{}={}", conninfo.empty() ? "" : " ", keyword, db::conninfo_value(text));
        };
        // Node.js goes to localhost where libpq would look for a socket.
        if (const auto* const host = value.find("host");
            (host == nullptr || host->is == kind::nothing) && !environment_("PGHOST"))
            append("host", "localhost");
        for (const auto& [name, keyword] : keywords)
            if (const auto* const part = value.find(name); part != nullptr && part->is != kind::nothing) {
                if (part->is != kind::text) {
                    mistake(*part, fmt::format("{} is one value", name));
                    return {};
                }
                append(keyword, part->text);
            }
        if (const auto* const ssl = value.find("ssl"); ssl != nullptr && ssl->is != kind::nothing) {
            const auto* const checked = ssl->find("rejectUnauthorized");
            const bool right = ssl->is == kind::map ? ssl->map.size() == 1 && checked != nullptr
                                                    : ssl->text == "true" || ssl->text == "false";
            if (!right) {
                mistake(*ssl, "ssl is true, false or rejectUnauthorized: give the rest as a "
                              "connection string, with sslmode and sslrootcert");
                return {};
            }
            // As Node.js does it: the system's authorities count.
            const bool trusting = checked != nullptr && checked->text == "false";
            if (trusting) {
                append("sslmode", "require");
            } else if (ssl->text != "false") {
                append("sslmode", "verify-full");
                append("sslrootcert", "/etc/ssl/certs/ca-certificates.crt");
            }
        }
        return conninfo;
    }

    void stream(const config_value& value) {
        if (!is_map(value, "buildsEventStream"))
            return;
        must_know(value, of_stream);
        if (const auto* const plugin = value.find("plugin");
            plugin != nullptr && plugin->is != kind::nothing && plugin->text != "Kafka")
            return mistake(*plugin, "plugin is not Kafka: give Kafka");
        if (const auto* const config = value.find("config"); config != nullptr && is_map(*config, "config"))
            bus(*config);
    }

    void bus(const config_value& config) {
        must_know(config, of_bus);
        // The names of the older library first.
        for (const auto& [name, setting] :
             {std::pair{"group", "KAFKA_GROUP_ID"}, std::pair{"groupId", "KAFKA_GROUP_ID"},
              std::pair{"topic", "BUILDS_TOPIC"}, std::pair{"consumerTopic", "BUILDS_TOPIC"}})
            if (const auto* const given = config.find(name); given != nullptr && given->is != kind::nothing)
                add(setting, name, *given, given->text);
        brokers(config);
    }

    void brokers(const config_value& config) {
        std::string list;
        const auto* const given = config.find("brokers");
        if (given != nullptr)
            list = given->text;
        if (given != nullptr && given->is == kind::list)
            for (const auto& each : given->list)
                list += fmt::format("{}{}", list.empty() ? "" : ",", each.text);
        const bool elsewhere = environment_("KAFKA_BROKER") || environment_("JOURNAL");
        if (list.empty() && !elsewhere && config.find("connectionString") != nullptr)
            return mistake(
                *config.find("connectionString"),
                "connectionString names ZooKeeper, which clients of Kafka do not ask any more: give "
                "the brokers, `brokers: host:9092`");
        into_.add("KAFKA_BROKER", list.empty() ? "localhost:9092" : std::move(list),
                  fmt::format("brokers in {}", file_));
    }

    std::string_view file_;
    const variable_lookup& environment_;
    config_texts& into_;
};

} // namespace

std::span<const std::string_view> probo_names() noexcept { return top_names; }

void read_probo(const config_entry& entry, std::string_view file, const variable_lookup& environment,
                config_texts& into) {
    probo_reader(file, environment, into).read(entry);
}

void read_knex(const config_value& knex, std::string_view file, const variable_lookup& environment,
               config_texts& into) {
    probo_reader(file, environment, into).knex(knex);
}

} // namespace app
