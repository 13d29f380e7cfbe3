#include "telemetry/exposition.hpp"

#include <fmt/format.h>

#include <cmath>
#include <sstream>

namespace telemetry {

namespace {

// https://prometheus.io/docs/instrumenting/exposition_formats: both escape backslash and line feed, label
// values the quotation mark too.
std::string escaped(std::string_view text, bool label) {
    std::string result;
    for (const char letter : text)
        if (letter == '\\')
            result += "\\\\";
        else if (letter == '\n')
            result += "\\n";
        else if (letter == '"' && label)
            result += "\\\"";
        else
            result += letter;
    return result;
}

std::string number(double value) {
    if (std::isnan(value))
        return "NaN";
    if (std::isinf(value))
        return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

} // namespace

std::string series_name(std::string_view name, const label_list& labels) {
    std::string text;
    for (const auto& [label, value] : labels)
        text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ",", label, escaped(value, true));
    return std::string(name) + (text.empty() ? "" : "{" + text + "}");
}

std::string exposition(std::span<const metric> metrics) {
    std::string text;
    for (const auto& metric : metrics) {
        if (metric.samples.empty())
            continue;
        text += fmt::format("# HELP {0} {1}\n# TYPE {0} {2}\n", metric.name, escaped(metric.help, false),
                            metric.kind == metric_kind::counter ? "counter" : "gauge");
        for (const auto& sample : metric.samples)
            text += fmt::format("{} {}\n", series_name(metric.name, sample.labels), number(sample.value));
    }
    return text;
}

std::optional<double> value_in(std::string_view text, const std::string& series) {
    std::istringstream lines{std::string(text)};
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(series + " "))
            continue;
        std::istringstream rest(line.substr(series.size()));
        double value = 0;
        if (rest >> value)
            return value;
    }
    return std::nullopt;
}

} // namespace telemetry
