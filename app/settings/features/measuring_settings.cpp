// Where metrics go.
// Tested by tests/unit/app/settings/configuration_test.cpp.
#include "app/settings/features.hpp"
#include "app/settings/rows.hpp"
#include "async/ascii.hpp"
#include "http/client/endpoint.hpp"
#include "telemetry/otlp.hpp"

#include <algorithm>
#include <array>
#include <string_view>
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
    rows::url({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "", "", "URL",
               "send metrics to this address as it is, and not below OTEL_EXPORTER_OTLP_ENDPOINT"}),
    option{"OTEL_EXPORTER_OTLP_PROTOCOL", "", "http/json", "PROTOCOL",
           "`http/json`; `http/protobuf` is sent as JSON, and with `grpc` nothing is sent"},
    option{"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL", "", "", "PROTOCOL", "the same for metrics alone"},
    option{"OTEL_METRICS_EXPORTER", "", "otlp", "NAMES", "`otlp`, or `none`: nothing goes to the collector"},
    option{"OTEL_SDK_DISABLED", "", "false", "true", "if true, nothing goes to the collector"},
    option{"OTEL_SERVICE_NAME", "", "event-archiver", "NAME",
           "the service's name in what is sent to the collector"},
};

parsed<http::endpoint> parse_url(std::string_view text) {
    auto found = http::parse_endpoint(text);
    if (!found.mistake.empty())
        return "it " + found.mistake + "; give http://host:port or https://host";
    return std::move(found.value);
}

// Whether metrics may go to a collector. As OpenTelemetry has it, only "true" disables.
bool wants_otlp(checker& shared) {
    if (async::equal_ignoring_case(shared["OTEL_SDK_DISABLED"].text, "true"))
        return false;
    if (!async::equal_ignoring_case(shared["OTEL_SDK_DISABLED"].text, "false"))
        shared.mistake("OTEL_SDK_DISABLED", "it counts as false: give true or false");
    bool otlp = false;
    bool none = false;
    bool others = false;
    for (const auto part : async::split(shared["OTEL_METRICS_EXPORTER"].text, ',')) {
        const auto one = async::trimmed(part);
        otlp = otlp || one == "otlp";
        none = none || one == "none";
        others = others || (!one.empty() && one != "otlp" && one != "none");
    }
    if (others)
        shared.mistake("OTEL_METRICS_EXPORTER",
                       otlp ? "only otlp is heeded" : "nothing goes to the collector: give otlp or none");
    return otlp && !none;
}

// The one for metrics wins. A collector that takes protobuf over HTTP takes JSON at the same address.
bool can_speak(checker& shared) {
    constexpr std::string_view of_metrics = "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL";
    const auto name = shared[of_metrics].set() ? of_metrics : std::string_view("OTEL_EXPORTER_OTLP_PROTOCOL");
    const auto& wanted = shared[name].text;
    if (wanted == "http/json" || wanted == "http/protobuf")
        return true;
    shared.mistake(name, "nothing goes to the collector, as only http/json is spoken: give http/json, and the"
                         " collector's port for HTTP, mostly 4318");
    return false;
}

void check_collector(checker& shared, metrics_settings& metrics) {
    constexpr std::string_view whole_address = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT";
    const bool wanted = shared[whole_address].set() || shared["OTEL_EXPORTER_OTLP_ENDPOINT"].set();
    shared.read("OTEL_EXPORTER_OTLP_HEADERS", metrics.collector_headers, telemetry::parse_otlp_headers);
    metrics.service_name = shared["OTEL_SERVICE_NAME"].text;
    if (!wanted || !wants_otlp(shared) || !can_speak(shared))
        return;
    if (shared[whole_address].set()) {
        shared.read(whole_address, metrics.collector, parse_url);
        return;
    }
    shared.read("OTEL_EXPORTER_OTLP_ENDPOINT", metrics.collector, parse_url);
    if (metrics.collector)
        metrics.collector->path += "/v1/metrics";
}

void check_measuring(checker& settings) {
    auto& value = settings.value();
    auto& metrics = value.metrics;
    metrics.file = settings["ARCHIVE_METRICS_FILE"].text;
    settings.read("ARCHIVE_PUSHGATEWAY", metrics.pushgateway, parse_url);
    // They are set for all programs of a machine.
    auto shared = settings.tolerant();
    check_collector(shared, metrics);
    metrics.instance = settings.exporting() ? instance_of(value.account.name, value.exporting)
                                            : instance_of(value.account.name, value.container, value.job);
}

} // namespace

feature measuring_settings() noexcept { return {"What is told of a run", measuring_rows, check_measuring}; }

} // namespace app
