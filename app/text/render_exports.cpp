// Tested by tests/unit/app/run/start/run_exports_test.cpp.
#include "app/text/export_json.hpp"
#include "app/text/printable.hpp"
#include "app/text/render.hpp"
#include "app/text/text_table.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

namespace json = boost::json;

std::string exports_json(std::span<const exports::task_report> reports, const std::string& place) {
    json::array tasks;
    for (const auto& report : reports) {
        json::object entry;
        entry["task"] = report.task;
        entry["outcome"] = exports::to_string(report.outcome);
        entry["boundary"] = text_or_null(report.boundary);
        entry["rows"] = report.rows;
        entry["bytes"] = report.bytes;
        entry["csv_bytes"] = report.csv_bytes;
        entry["file"] = text_or_null(report.file);
        entry["verified"] = report.verified;
        entry["duration_ms"] = report.took.count();
        entry["error"] = text_or_null(report.error);
        entry["hint"] = text_or_null(report.hint);
        tasks.emplace_back(std::move(entry));
    }
    return json::serialize(json::object{{"schema", "event-archiver/export/v1"},
                                        {"place", valid_utf8(place)},
                                        {"tasks", std::move(tasks)}}) +
           "\n";
}

std::string outcome_shown(const exports::task_report& report) {
    std::string shown(exports::to_string(report.outcome));
    return report.failed() || report.verified ? shown : shown + ", unverified";
}

} // namespace

std::string render_exports(std::span<const exports::task_report> reports, const std::string& place,
                           output_format format, std::size_t width) {
    if (format == output_format::json)
        return exports_json(reports, place);
    text_table table("lrrll", {"TASK", "ROWS", "BYTES", "OUTCOME", "FILE"});
    for (const auto& report : reports)
        table.add({report.task, grouped(report.rows), short_bytes(static_cast<double>(report.bytes)),
                   outcome_shown(report), report.file});
    const auto has_file = [](const exports::task_report& report) { return !report.file.empty(); };
    const auto where = std::ranges::any_of(reports, has_file)
                           ? fmt::format("\nfiles are in {}\n", printable(place))
                           : std::string();
    return table.text(width) + where;
}

} // namespace app
