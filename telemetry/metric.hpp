// What a run tells a monitoring system: a few gauges, each with a handful of labelled values.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace telemetry {

struct sample {
    std::vector<std::pair<std::string_view, std::string>> labels;
    double value = 0;
};

// A gauge. The views are literals.
struct metric {
    std::string_view name; // Prometheus' form, base unit last: "event_archiver_backlog_age_seconds"
    std::string_view help;
    std::string_view unit; // UCUM, for OTLP: "s", "By", "{row}"
    std::vector<sample> samples;
};

} // namespace telemetry
