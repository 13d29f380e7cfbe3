#include "app/serve/serve_metrics.hpp"

#include <fstream>
#include <string>
#include <unistd.h>
#include <utility>

namespace app {

namespace {

using telemetry::metric;
using telemetry::metric_kind;
using labels = std::vector<std::pair<std::string_view, std::string>>;

double seconds_of(auto span) { return std::chrono::duration<double>(span).count(); }

double since_1970(auto when) { return seconds_of(when.time_since_epoch()); }

// In bytes; procfs answers from memory.
double resident_memory() {
    std::ifstream file("/proc/self/statm");
    double whole = 0;
    double resident = 0;
    file >> whole >> resident;
    return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

metric single(std::string_view name, std::string_view help, std::string_view unit, double value,
              metric_kind kind = metric_kind::gauge) {
    return {name, help, unit, {{labels(), value}}, kind};
}

void add_server(std::vector<metric>& all, const http::server& server) {
    const auto& counted = server.counters();
    const auto total = [&all](std::string_view name, std::string_view help, std::string_view unit,
                              double value) {
        all.push_back(single(name, help, unit, value, metric_kind::counter));
    };
    all.push_back(single("event_archiver_http_connections", "clients that are connected now", "{connection}",
                         static_cast<double>(server.connections_open())));
    total("event_archiver_http_connections_total", "connections that were accepted", "{connection}",
          static_cast<double>(counted.connections));
    total("event_archiver_http_evicted_total", "idle connections that were closed to make room",
          "{connection}", static_cast<double>(counted.evicted));
    total("event_archiver_http_accept_failures_total", "connections that could not be accepted at once",
          "{connection}", static_cast<double>(counted.accept_failures));
    total("event_archiver_http_sent_bytes_total", "bytes sent to clients", "By",
          static_cast<double>(counted.bytes_sent));
    total("event_archiver_http_request_duration_seconds_total",
          "time from a whole request to the end of its answer, all together", "s", seconds_of(counted.busy));
    metric responses{
        "event_archiver_http_responses_total", "answers by status", "{response}", {}, metric_kind::counter};
    for (const auto& [status, count] : counted.responses)
        responses.samples.push_back({{{"status", std::to_string(status)}}, static_cast<double>(count)});
    all.push_back(std::move(responses));
}

void add_runs(std::vector<metric>& all, const serve_facts& facts) {
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
    for (const auto& [task, known] : facts.book.by_task()) {
        const labels named{{"task", task}};
        for (const auto each : {outcome::exported, outcome::empty, outcome::tried, outcome::failed})
            if (const auto count = known.runs.at(static_cast<std::size_t>(each)); count > 0) {
                auto both = named;
                both.emplace_back("outcome", std::string(exports::to_string(each)));
                runs.samples.push_back({std::move(both), static_cast<double>(count)});
            }
        rows.samples.push_back({named, static_cast<double>(known.rows)});
        bytes.samples.push_back({named, static_cast<double>(known.bytes)});
        running.samples.push_back({named, facts.desk.status(task).running ? 1.0 : 0.0});
        took.samples.push_back({named, seconds_of(known.last.took)});
        failed.samples.push_back({named, known.last.failed() ? 1.0 : 0.0});
        if (const auto* good = facts.book.last_success(task))
            success.samples.push_back({named, since_1970(good->began + good->took)});
    }
    for (auto* each : {&runs, &rows, &bytes, &running, &took, &failed, &success})
        all.push_back(std::move(*each));
}

} // namespace

std::vector<metric> metrics_of(const serve_facts& facts) {
    std::vector<metric> all;
    add_runs(all, facts);
    add_server(all, facts.server);
    all.push_back(single("process_resident_memory_bytes", "memory of the process", "By", resident_memory()));
    all.push_back(
        single("process_start_time_seconds", "when the process began", "s", since_1970(facts.started)));
    return all;
}

} // namespace app
