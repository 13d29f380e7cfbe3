// Prometheus' text exposition format, version 0.0.4: what the textfile collector reads and the Pushgateway
// takes.
//
// Ours because a run writes a dozen values once; prometheus-cpp brings a registry, a server and threads.
// Replace it when histograms or exemplars are wanted.
#pragma once

#include "telemetry/metric.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace telemetry {

inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

// HELP, TYPE and the samples of each metric. One without samples is left out.
[[nodiscard]] std::string exposition(std::span<const metric> metrics);

// `name{label="value"}`, as `exposition` writes it.
[[nodiscard]] std::string series_name(std::string_view name, const label_list& labels);

// The value of the sample called `series`, with its labels, in such a text; nullopt if it is not there.
[[nodiscard]] std::optional<double> value_in(std::string_view text, const std::string& series);

} // namespace telemetry
