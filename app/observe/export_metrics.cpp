#include "app/observe/export_metrics.hpp"

#include "app/observe/metrics_delivery.hpp"

namespace app {

std::vector<telemetry::metric> metrics_of(std::span<const exports::task_report> reports) {
    double rows = 0;
    double bytes = 0;
    telemetry::metric by_task{
        "event_archiver_export_rows", "Rows that the task's last run exported and deleted.", "{row}", {}};
    telemetry::metric took{
        "event_archiver_export_last_duration_seconds", "How long the task's last run took.", "s", {}};
    telemetry::metric failed{
        "event_archiver_export_last_failed", "1 if the task's last run failed.", "1", {}};
    for (const auto& report : reports) {
        rows += static_cast<double>(report.rows);
        bytes += static_cast<double>(report.bytes);
        const std::vector<std::pair<std::string_view, std::string>> named{{"task", report.task}};
        by_task.samples.push_back({named, static_cast<double>(report.rows)});
        took.samples.push_back({named, std::chrono::duration<double>(report.took).count()});
        failed.samples.push_back({named, report.failed() ? 1.0 : 0.0});
    }
    return {
        gauge("event_archiver_rows", "Rows that the last run archived or exported.", "{row}", rows),
        gauge("event_archiver_bytes", "Bytes that the last run put into files, as stored.", "By", bytes),
        std::move(by_task),
        std::move(took),
        std::move(failed),
    };
}

} // namespace app
