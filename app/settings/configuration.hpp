// All settings as checked values, or all mistakes together.
#pragma once

#include "app/settings/journal_settings.hpp"
#include "app/settings/metrics_settings.hpp"
#include "app/settings/serve_settings.hpp"
#include "app/settings/sources.hpp"
#include "archive/settings.hpp"
#include "async/log.hpp"
#include "azure/auth/account.hpp"
#include "azure/auth/identity.hpp"
#include "exports/settings.hpp"
#include "http/client/proxy.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace app {

enum class log_format : unsigned char { automatic, text, json };

struct configuration {
    archive::settings job;
    exports::settings exporting; // for commands about exports
    serve_settings serving;      // for `serve`
    journal_settings journal;    // for commands about events
    projection_settings projections;
    std::string database;
    azure::account account;
    std::optional<azure::identity> identity; // if the lake or the database needs one
    bool database_by_identity = false;
    bool lake_in_clear_text = false; // over http:// to another machine
    // Why `serve`, which works without it, does not use the configured storage account; empty: no mistake.
    std::string storage_mistake;
    std::optional<http::proxy> proxy;
    std::string no_proxy;
    std::string container;
    std::chrono::milliseconds request_timeout{60'000};
    int retries = 5;
    async::log_level level = async::log_level::info;
    log_format format = log_format::automatic;
    std::string trace;           // a file for the timeline of the run; empty: none
    std::string report;          // a file for the page; empty: none
    std::string termination_log; // empty: the path of Kubernetes, if it exists
    metrics_settings metrics;
    // Mistakes in settings that are made for all programs of a machine: a run goes on without them.
    std::vector<std::string> unheeded;
};

// "container/folder", of the archive.
[[nodiscard]] std::string archive_path(const configuration& settings);

// How the lake is signed in to: "account key", "workload identity".
[[nodiscard]] std::string_view lake_identity(const configuration& settings) noexcept;

struct checked_configuration {
    configuration value;
    // Each a whole clause: the setting, what was given, what would be right. Never a secret.
    std::vector<std::string> mistakes;
    std::set<std::string, std::less<>> wrong; // the settings they are about, by variable
};

// The purpose of a command, which decides which settings it needs.
enum class purpose : unsigned char {
    archive,    // the database and the lake
    inventory,  // the lake
    exports,    // the database, the tasks and a place for files
    serving,    // what the offered APIs need
    journal,    // the journal alone
    projecting, // the journal and the database
    replaying,  // these, and the lake if it is given
    sending,    // the way to a server of events
};
[[nodiscard]] checked_configuration check(const texts& given, const environment_lookup& environment,
                                          app::purpose purpose = purpose::archive);

} // namespace app
