#include "app/observe/projection_metrics.hpp"

#include <string>
#include <utility>

namespace app {

namespace {

using telemetry::metric;
using telemetry::metric_kind;

telemetry::label_list labels_of(const events::stream_progress& stream) {
    return {{"projection", stream.projection},
            {"topic", stream.topic},
            {"partition", std::to_string(stream.partition)}};
}

} // namespace

std::vector<metric> metrics_of(std::span<const events::stream_progress> streams,
                               std::chrono::system_clock::time_point now) {
    if (streams.empty())
        return {};
    metric position{
        "event_archiver_projection_position", "the first position that is not applied", "{event}", {}};
    metric behind{"event_archiver_projection_lag", "events that are not applied", "{event}", {}};
    metric age{
        "event_archiver_projection_lag_seconds", "age of the oldest event that is not applied", "s", {}};
    metric stalled{"event_archiver_projection_stalled_seconds",
                   "time since the position moved although there are events",
                   "s",
                   {}};
    metric failed{"event_archiver_projection_failed", "1 while a projection is stopped by an error", "", {}};
    metric paused{"event_archiver_projection_paused", "1 while a projection is paused", "", {}};
    metric events{"event_archiver_projection_events_total",
                  "events that this process has applied, or put aside as dead letters",
                  "{event}",
                  {},
                  metric_kind::counter};
    metric batches{"event_archiver_projection_batches_total",
                   "transactions in which it did",
                   "{transaction}",
                   {},
                   metric_kind::counter};
    metric refused{"event_archiver_projection_dead_letters_total",
                   "events that SQL refused",
                   "{event}",
                   {},
                   metric_kind::counter};
    metric plugins{"event_archiver_projection_plugin_failures_total",
                   "events that a plugin could not be applied to",
                   "{event}",
                   {},
                   metric_kind::counter};
    for (const auto& each : streams) {
        const auto labels = labels_of(each);
        const auto add = [&labels](metric& to, double value) { to.samples.push_back({labels, value}); };
        if (each.known) {
            const std::chrono::duration<double> still = now - each.moved;
            const bool waits = each.behind() > 0 && each.state != events::stream_state::paused;
            add(position, static_cast<double>(each.next));
            add(behind, static_cast<double>(each.behind()));
            add(age, each.behind_time(now).count());
            add(stalled, waits && still.count() > 0 ? still.count() : 0);
        }
        add(failed, each.state == events::stream_state::failed ? 1 : 0);
        add(paused, each.state == events::stream_state::paused ? 1 : 0);
        add(events, static_cast<double>(each.events));
        add(batches, static_cast<double>(each.batches));
        add(refused, static_cast<double>(each.dead_letters));
        add(plugins, static_cast<double>(each.plugin_failures));
    }
    std::vector<metric> all;
    for (auto* each :
         {&position, &behind, &age, &stalled, &failed, &paused, &events, &batches, &refused, &plugins})
        all.push_back(std::move(*each));
    return all;
}

} // namespace app
