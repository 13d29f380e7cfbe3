#include "app/serve/exports/export_metrics.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace app {

namespace {

using telemetry::label_list;
using telemetry::metric;
using telemetry::metric_kind;

double in_seconds(auto span) { return std::chrono::duration<double>(span).count(); }

} // namespace

std::vector<metric> metrics_of(const run_book& book, const exports::run_desk& desk) {
    std::vector<metric> all;
    using exports::outcome;
    metric runs{
        "event_archiver_export_runs_total", "runs by how they ended", "{run}", {}, metric_kind::counter};
    metric rows{"event_archiver_export_rows_total",
                "rows that were exported and deleted",
                "{row}",
                {},
                metric_kind::counter};
    metric bytes{
        "event_archiver_export_bytes_total", "bytes of the files, as stored", "By", {}, metric_kind::counter};
    metric running{"event_archiver_export_running", "1 while a task runs", "", {}};
    metric took{"event_archiver_export_last_duration_seconds", "how long the last run took", "s", {}};
    metric failed{"event_archiver_export_last_failed", "1 if the last run failed", "", {}};
    metric success{
        "event_archiver_export_last_success_timestamp_seconds", "when a run last succeeded", "s", {}};
    for (const auto& [task, known] : book.by_task()) {
        const label_list named{{"task", task}};
        for (const auto each : {outcome::exported, outcome::empty, outcome::tried, outcome::failed})
            if (const auto count = known.runs.at(static_cast<std::size_t>(each)); count > 0) {
                auto both = named;
                both.emplace_back("outcome", std::string(exports::to_string(each)));
                runs.samples.push_back({std::move(both), static_cast<double>(count)});
            }
        rows.samples.push_back({named, static_cast<double>(known.rows)});
        bytes.samples.push_back({named, static_cast<double>(known.bytes)});
        running.samples.push_back({named, desk.status(task).running ? 1.0 : 0.0});
        took.samples.push_back({named, in_seconds(known.last.took)});
        failed.samples.push_back({named, known.last.failed() ? 1.0 : 0.0});
        if (const auto* good = book.last_success(task))
            success.samples.push_back({named, in_seconds((good->began + good->took).time_since_epoch())});
    }
    for (auto* each : {&runs, &rows, &bytes, &running, &took, &failed, &success})
        all.push_back(std::move(*each));
    return all;
}

} // namespace app
