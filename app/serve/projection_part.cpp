#include "app/serve/projection_part.hpp"

#include "app/observe/projection_metrics.hpp"
#include "app/run/projections_of.hpp"
#include "events/projection/retention.hpp"

#include <optional>
#include <utility>

namespace app {

using async::awaitable;

projection_part::projection_part(serve_surroundings around, events::journal& source)
    : around_(around)
    , source_(source)
    , connections_(around.executor, around.settings, std::nullopt, around.frame.blocking_calls(),
                   around.frame.log())
    , database_(connections_.database())
    , at_work_(around.executor) {
    auto& log = around_.frame.log();
    const auto& settings = around_.settings;
    // Without a database it is not known how far those of other processes are.
    if (settings.database.empty())
        note_awaited(all_projections(settings));
    if (settings.projections.choice == projection_choice::none)
        return;
    std::vector<events::projection_definition> chosen;
    for (auto& each : projections_to_serve(all_projections(settings), settings)) {
        if (each.mistake.empty()) {
            chosen.push_back(std::move(each));
            continue;
        }
        log.error("projection.broken", each.mistake,
                  {{"projection", each.name}, {"directory", each.directory.string()}});
        broken_ += (broken_.empty() ? "" : "; ") + each.mistake;
    }
    if (chosen.empty())
        return;
    if (settings.database.empty()) {
        log.warn("projection.no_database", "projections do not run here, and their topics keep every event: "
                                           "PG_CONNECTION_STRING is not set");
        return;
    }
    note_awaited(chosen);
    events::engine_options options;
    options.worker = around_.frame.run_id();
    options.group = settings.journal.group;
    engine_ = std::make_unique<events::projection_engine>(around_.executor, source_, database_,
                                                          std::move(chosen), std::move(options));
}

void projection_part::note_awaited(const std::vector<events::projection_definition>& projections) {
    for (const auto& each : projections)
        awaited_.push_back(
            {events::position_name(each, around_.settings.journal.group), each.settings.topics});
}

awaitable<void> projection_part::work() {
    if (engine_)
        at_work_.start(engine_->run());
    const auto* const database = around_.settings.database.empty() ? nullptr : &database_;
    const bool in_kafka = around_.settings.journal.in_kafka();
    if (!in_kafka || (database != nullptr && !awaited_.empty())) // there only to show positions
        at_work_.start(events::keep_retention(source_, database, awaited_, around_.frame.log(),
                                              in_kafka ? events::retained::awaited_topics
                                                       : events::retained::every_topic));
    if (around_.stopping)
        at_work_.cancel();
    // One that fails ends the server, and so the others.
    while (at_work_.size() > 0 && !around_.stopping) {
        const auto before = at_work_.size();
        co_await at_work_.wait();
        if (at_work_.size() < before)
            at_work_.cancel();
    }
    co_await at_work_.join();
}

void projection_part::stop() { at_work_.cancel(); }

std::vector<telemetry::metric> projection_part::metrics() const {
    if (!engine_)
        return {};
    return metrics_of(engine_->progress(), std::chrono::system_clock::now());
}

std::vector<readiness_probe> projection_part::probes() {
    return {{"projections", [this] { return problem(); }}};
}

awaitable<std::string> projection_part::problem() { co_return broken_; }

} // namespace app
