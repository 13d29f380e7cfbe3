// Where metrics go.
// Tested by tests/unit/app/settings/configuration_test.cpp.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"
#include "http/client/endpoint.hpp"
#include "telemetry/otlp.hpp"

#include <array>
#include <utility>

namespace app {

namespace {

constexpr std::array measuring_rows{
    option{"ARCHIVE_METRICS_FILE", "--metrics-file", "", "FILE",
           "write metrics to this file for the node exporter's textfile collector"},
    rows::url({"ARCHIVE_PUSHGATEWAY", "--pushgateway", "", "URL",
               "push metrics to this Prometheus Pushgateway: `http://pushgateway:9091`"}),
    rows::url({"OTEL_EXPORTER_OTLP_ENDPOINT", "", "", "URL",
               "send metrics to this OpenTelemetry collector, as OTLP/HTTP JSON: `http://collector:4318`"}),
    rows::secret({"OTEL_EXPORTER_OTLP_HEADERS", "", "", "LIST",
                  "headers for the collector: `name=value,name=value`, percent-encoded"}),
    option{"OTEL_SERVICE_NAME", "", "event-archiver", "NAME",
           "the service's name in what is sent to the collector"},
};

parsed<http::endpoint> parse_url(std::string_view text) {
    auto found = http::parse_endpoint(text);
    if (!found.mistake.empty())
        return found.mistake + ": give it as http://host:port or https://host";
    return std::move(found.value);
}

void check_measuring(checker& settings) {
    auto& value = settings.value();
    auto& metrics = value.metrics;
    metrics.file = settings["ARCHIVE_METRICS_FILE"].text;
    settings.read("ARCHIVE_PUSHGATEWAY", metrics.pushgateway, parse_url);
    // They are set for all programs of a machine, not for this one.
    auto shared = settings.tolerant();
    shared.read("OTEL_EXPORTER_OTLP_ENDPOINT", metrics.collector, parse_url);
    shared.read("OTEL_EXPORTER_OTLP_HEADERS", metrics.collector_headers, telemetry::parse_otlp_headers);
    metrics.service_name = settings["OTEL_SERVICE_NAME"].text;
    metrics.instance = settings.exporting() ? instance_of(value.account.name, value.exporting)
                                            : instance_of(value.account.name, value.container, value.job);
}

} // namespace

feature measuring_settings() noexcept { return {measuring_rows, check_measuring}; }

} // namespace app
