// What a run or a service tells a monitoring system: a few numbers, each with a handful of labelled values.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace telemetry {

using label_list = std::vector<std::pair<std::string_view, std::string>>; // the names are literals

struct sample {
    label_list labels;
    double value = 0;
};

enum class metric_kind : unsigned char { gauge, counter }; // a counter only grows; its name ends in "_total"

// The views are literals.
struct metric {
    std::string_view name; // Prometheus' form, base unit last: "event_archiver_backlog_age_seconds"
    std::string_view help;
    std::string_view unit; // UCUM, for OTLP: "s", "By", "{row}"
    std::vector<sample> samples;
    metric_kind kind = metric_kind::gauge;
};

} // namespace telemetry
