#include "app/serve/server/server_metrics.hpp"

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

} // namespace

std::vector<metric> metrics_of(const http::server& server, std::chrono::system_clock::time_point started) {
    std::vector<metric> all;
    add_server(all, server);
    all.push_back(single("process_resident_memory_bytes", "memory of the process", "By", resident_memory()));
    all.push_back(single("process_start_time_seconds", "when the process began", "s", since_1970(started)));
    return all;
}

} // namespace app
