#include "app/serve/intake/journal_metrics.hpp"

#include <chrono>
#include <utility>

namespace app {

namespace {

using telemetry::metric;
using telemetry::metric_kind;

double seconds_in(std::chrono::nanoseconds span) { return std::chrono::duration<double>(span).count(); }

} // namespace

std::vector<metric> metrics_of(const intake& events_in) {
    metric appends{"event_archiver_journal_appends_total",
                   "batches that were accepted",
                   "{batch}",
                   {},
                   metric_kind::counter};
    metric events{"event_archiver_journal_events_total",
                  "events that were accepted",
                  "{event}",
                  {},
                  metric_kind::counter};
    metric bytes{"event_archiver_journal_bytes_total",
                 "bytes of the values of accepted events",
                 "By",
                 {},
                 metric_kind::counter};
    metric waited{"event_archiver_journal_append_seconds_total",
                  "time from an append to its being durable, all together",
                  "s",
                  {},
                  metric_kind::counter};
    metric end{
        "event_archiver_journal_end_position", "behind the last event that was accepted here", "{event}", {}};
    for (const auto& [topic, counts] : events_in.by_topic()) {
        const telemetry::label_list named{{"topic", topic}};
        appends.samples.push_back({named, static_cast<double>(counts.appends)});
        events.samples.push_back({named, static_cast<double>(counts.events)});
        bytes.samples.push_back({named, static_cast<double>(counts.bytes)});
        waited.samples.push_back({named, seconds_in(counts.waited)});
        end.samples.push_back({named, static_cast<double>(counts.end)});
    }
    metric refused{"event_archiver_journal_refused_total",
                   "batches that were refused, by reason",
                   "{batch}",
                   {},
                   metric_kind::counter};
    for (const auto& [reason, count] : events_in.refused())
        refused.samples.push_back({{{"reason", reason}}, static_cast<double>(count)});
    std::vector<metric> all;
    for (auto* each : {&appends, &events, &bytes, &waited, &end, &refused})
        all.push_back(std::move(*each));
    all.push_back({"event_archiver_journal_pending",
                   "batches that are not durable yet",
                   "{batch}",
                   {{{}, static_cast<double>(events_in.appends_pending())}}});
    all.push_back({"event_archiver_journal_pending_bytes",
                   "memory of events that are being received or are not durable yet",
                   "By",
                   {{{}, static_cast<double>(events_in.bytes_pending())}}});
    all.push_back({"event_archiver_journal_oldest_pending_seconds",
                   "age of the oldest batch that is not durable yet",
                   "s",
                   {{{}, seconds_in(events_in.age_of_oldest())}}});
    return all;
}

std::vector<metric> metrics_of(const events::journal_figures& engine, bool in_kafka) {
    if (in_kafka)
        return {{"event_archiver_journal_producers_replaced_total",
                 "producers of Kafka that failed and were replaced",
                 "{producer}",
                 {{{}, static_cast<double>(engine.producers_replaced)}},
                 metric_kind::counter}};
    return {{"event_archiver_journal_syncs_total",
             "syncs of the disk: as many groups of batches became durable",
             "{sync}",
             {{{}, static_cast<double>(engine.syncs)}},
             metric_kind::counter},
            {"event_archiver_journal_sync_seconds_total",
             "time that the disk took for its syncs, all together",
             "s",
             {{{}, seconds_in(engine.syncing)}},
             metric_kind::counter}};
}

} // namespace app
