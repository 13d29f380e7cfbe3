// Where a run's metrics go, and what distinguishes them from others.
#pragma once

#include "archive/settings.hpp"
#include "exports/settings.hpp"
#include "http/client/endpoint.hpp"
#include "telemetry/metric.hpp"
#include "telemetry/otlp.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace app {

struct metrics_settings {
    std::string file; // for a textfile collector; empty: none
    // Distinguishes the metrics of this file from those of others beside it: the command, and what it works
    // on.
    telemetry::label_list file_labels;
    std::optional<http::endpoint> pushgateway;
    std::optional<http::endpoint> collector; // OTLP; with the whole path
    telemetry::header_list collector_headers;
    std::string service_name;
    std::string instance;
};

// Distinguishes this archive's metrics from others', and is the same from run to run:
// "account:container:folder", and the shard; of exports "exports:" and where they go. No slash, which a
// Pushgateway cannot have in a name.
[[nodiscard]] std::string instance_of(std::string_view account, std::string_view container,
                                      const archive::settings& job);
[[nodiscard]] std::string instance_of(std::string_view account, const exports::settings& exporting);

} // namespace app
