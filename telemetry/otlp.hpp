// OTLP/HTTP with JSON, https://opentelemetry.io/docs/specs/otlp: metrics for a collector, or for Prometheus'
// own receiver.
//
// Ours because Debian 12 has no OpenTelemetry C++ SDK, and its exporters bring threads and an HTTP client of
// their own. Replace it when traces are wanted as well.
#pragma once

#include "telemetry/metric.hpp"

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace telemetry {

// The sender: "service.name" and the like.
using resource = std::vector<std::pair<std::string_view, std::string>>;

// An ExportMetricsServiceRequest in which each metric is a gauge measured at `at`.
[[nodiscard]] std::string otlp_request(std::span<const metric> metrics, const resource& speaker,
                                       std::chrono::system_clock::time_point at);

using header_list = std::vector<std::pair<std::string, std::string>>;
// OTEL_EXPORTER_OTLP_HEADERS, "name=value,name=value" with percent-encoded values; or what is wrong with it,
// without any part of it.
[[nodiscard]] std::variant<header_list, std::string> parse_otlp_headers(std::string_view text);

} // namespace telemetry
