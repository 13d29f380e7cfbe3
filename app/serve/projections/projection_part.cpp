#include "app/serve/projections/projection_part.hpp"

#include "app/observe/projection_metrics.hpp"
#include "app/run/projections/projections_of.hpp"
#include "app/serve/projections/reported_progress.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "async/race.hpp"
#include "events/projection/retention/retention.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace app {

using async::awaitable;

namespace {

using definition_list = std::vector<events::projection_definition>;

constexpr std::chrono::seconds others_look{30};
constexpr double unused_after = 3'600; // seconds

// "revenue (live), totals (orders, refunds)": those whose files can be used.
std::string names_and_topics(const definition_list& all) {
    std::string text;
    for (const auto& each : all)
        if (each.mistake.empty())
            text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", each.name,
                                fmt::join(each.settings.topics, ", "));
    return text;
}

} // namespace

projection_part::projection_part(serve_surroundings around, events::journal& source)
    : around_(around)
    , source_(source)
    , connections_(around.executor, around.settings, std::nullopt, around.frame.blocking_calls(),
                   around.frame.log())
    , database_(connections_.database())
    , at_work_(around.executor)
    , backlog_("applying")
    , display_(around.executor, progress_display::style::lines,
               {[this] { return backlog_.note(here(), backlog_progress::clock::now()); },
                [this](const progress_pace&) { backlog_.log(around_.frame.log()); }},
               {}) {
    auto& log = around_.frame.log();
    const auto& settings = around_.settings;
    const auto all = all_projections(settings);
    note_readers(all);
    if (settings.projections.choice == projection_choice::none)
        return;
    auto chosen = projections_to_serve(all, settings);
    for (const auto& each : chosen) {
        readers_.awaited.push_back(awaited(each, true)); // once its mistake is fixed, it needs its events
        if (!each.mistake.empty() && !each.is_configured)
            broken_ += (broken_.empty() ? "" : "; ") + each.mistake;
    }
    chosen = runnable_projections(std::move(chosen), broken_directories::wait, log);
    if (chosen.empty()) {
        say_that_nothing_runs();
        return;
    }
    if (settings.database.empty()) {
        log.warn("projection.no_database", "projections do not run here, and their topics keep every event: "
                                           "PG_CONNECTION_STRING is not set");
        return;
    }
    tell_topics_not_read(chosen);
    const auto running = names_and_topics(chosen);
    if (!running.empty())
        log.info("projection.running", "projections run here", {{"projections", running}});
    events::engine_options options;
    options.worker = around_.frame.run_id();
    options.group = settings.journal.group;
    options.defined = names_of(all);
    options.read_again = definition_reader_of(settings);
    engine_ = std::make_unique<events::projection_engine>(around_.executor, source_, database_,
                                                          std::move(chosen), std::move(options));
}

// No shipped projection reads the topics of `events`, which are the user's own.
void projection_part::say_that_nothing_runs() {
    const auto& settings = around_.settings;
    if (broken_.empty() && !settings.database.empty() && settings.serving.offers(api::events))
        around_.frame.log().warn("projection.nothing_runs",
                                 "events are stored, and no projection applies them",
                                 {{"hint", "PROJECT=events writes those of topic 'live' to public.\"Event\"; "
                                           "PROJECTIONS_PATH names projections of your own; PROJECT=none "
                                           "if that is meant."}});
}

// KAFKA_CONSUMER_TOPIC and KAFKA_PUBLISH_TOPIC differ, say: what is accepted here would be applied by none of
// those that run for it.
void projection_part::tell_topics_not_read(const std::vector<events::projection_definition>& running) {
    const auto& settings = around_.settings;
    if (settings.projections.choice == projection_choice::named || !broken_.empty())
        return;
    for (const auto& topic : topics_written_by(settings)) {
        const auto reads = [&topic](const auto& each) {
            return std::ranges::find(each.settings.topics, topic) != each.settings.topics.end();
        };
        if (std::ranges::none_of(running, reads))
            around_.frame.log().warn("projection.topic_not_read",
                                     "events are accepted into a topic that no projection here reads",
                                     {{"topic", topic},
                                      {"hint", "KAFKA_CONSUMER_TOPIC, or `topics` in projection.conf, names "
                                               "another one."}});
    }
}

events::awaited_projection projection_part::awaited(const events::projection_definition& which,
                                                    bool runs_here) const {
    return {events::position_name(which, around_.settings.journal.group), which.settings.topics, runs_here};
}

// In addition to those that run here.
void projection_part::note_readers(const std::vector<events::projection_definition>& all) {
    const auto& settings = around_.settings;
    readers_.unread = settings.journal.unread_topics;
    const auto choice = settings.projections.choice;
    const bool others_run_some = choice == projection_choice::none || choice == projection_choice::named;
    const bool any_topic = settings.serving.offers(api::events);
    // No event is removed here from a journal in Kafka.
    readers_.expects_possible = any_topic && others_run_some && !settings.journal.in_kafka();
    readers_.tells_of_possible = any_topic || choice == projection_choice::none;
    for (const auto& each : all) {
        readers_.possible.push_back(awaited(each, false));
        names_.insert(readers_.possible.back().position_name);
    }
    if (!events::shipped_projections())
        readers_.possible.emplace_back(); // it may read any topic
    for (const auto& each : all)
        if (roles_of(each, settings).is_awaited)
            readers_.awaited.push_back(awaited(each, false));
}

// Before a topic is made: a server that is refused leaves none in the place of a journal that is lost.
awaitable<void> projection_part::check() {
    if (around_.settings.database.empty() || around_.settings.journal.in_kafka())
        co_return;
    const auto began = async::deadline::clock::now();
    const bool said = co_await positions_allow(compare(must_have_topics), first_look_patience);
    if (!said)
        first_look_left_ = first_look_patience - (async::deadline::clock::now() - began);
}

// Before the first request: events that are accepted into a wrong journal would be lost with it. A server
// whose database is away still accepts events, and checks once the database is back.
awaitable<void> projection_part::begin() {
    if (!around_.settings.database.empty() && first_look_left_.count() > 0)
        fits_ = co_await positions_allow(must_fit(), first_look_left_);
}

// False if the database cannot say it.
awaitable<bool> projection_part::positions_allow(awaitable<void> comparing,
                                                 async::deadline::clock::duration patience) {
    const auto failed = co_await async::caught_error(async::with_deadline(
        std::move(comparing), async::deadline::after(patience), "the positions in the database"));
    if (failed && async::failure_of(failed) == async::failure::integrity)
        std::rethrow_exception(failed);
    co_return !failed;
}

awaitable<void> projection_part::must_fit() {
    if (engine_)
        co_await engine_->must_fit();
    co_await compare(must_be_known);
}

awaitable<void> projection_part::compare(position_comparison which) {
    const auto& settings = around_.settings;
    written_journal ours{source_, topics_written_by(settings), settings.serving.offers(api::events), names_,
                         settings.journal.group};
    std::function<awaitable<void>(db::connection&)> asking = [which, &ours](db::connection& session) {
        return which(session, ours);
    };
    co_await db::with_session(database_, std::move(asking));
}

awaitable<void> projection_part::work() {
    if (engine_) {
        at_work_.start(engine_->run());
        display_.start();
    }
    const auto* const database = around_.settings.database.empty() ? nullptr : &database_;
    const bool in_kafka = around_.settings.journal.in_kafka();
    if (!in_kafka || (database != nullptr && !readers_.awaited.empty())) // it only shows positions
        at_work_.start(events::keep_retention(source_, database, readers_, around_.frame.log(),
                                              in_kafka ? events::retained::awaited_topics
                                                       : events::retained::written_topics));
    if (database != nullptr)
        at_work_.start(watch_others());
    if (around_.stopping)
        at_work_.cancel();
    // A projection that fails ends the server, and so the others.
    while (at_work_.size() > 0 && !around_.stopping) {
        const auto before = at_work_.size();
        co_await at_work_.wait();
        if (at_work_.size() < before)
            at_work_.cancel();
    }
    co_await at_work_.join();
}

void projection_part::stop() {
    display_.stop();
    at_work_.cancel();
}

void projection_part::release() {
    display_.stop();
    connections_.close();
}

std::vector<events::stream_progress> projection_part::here() const {
    return engine_ ? engine_->progress() : std::vector<events::stream_progress>();
}

std::vector<telemetry::metric> projection_part::metrics() const {
    auto all = here();
    all.insert(all.end(), others_.begin(), others_.end());
    return metrics_of(all, std::chrono::system_clock::now());
}

// Finds positions that no process moves, because their group is no longer used: they show nowhere else.
awaitable<void> projection_part::watch_others() {
    for (;;) {
        std::vector<events::projection_status> all;
        std::function<awaitable<void>(db::connection&)> looking =
            [this, &all](db::connection& session) -> awaitable<void> {
            std::vector<events::named_projection> none;
            all = co_await events::look_at_all(session, source_, std::move(none),
                                               events::hidden_events::left_out);
        };
        const auto failed = co_await async::caught_error(db::with_session(database_, std::move(looking)));
        if (!failed)
            note_others(all);
        co_await async::pause(others_look);
        if (!fits_)
            fits_ = co_await positions_allow(must_fit(), first_look_patience);
    }
}

void projection_part::note_others(const std::vector<events::projection_status>& all) {
    const auto mine = here();
    others_.clear();
    for (const auto& each : all) {
        const auto is_it = [&each](const events::stream_progress& one) {
            return events::position_key{one.projection, one.topic, one.partition} == each.key;
        };
        if (std::ranges::any_of(mine, is_it))
            continue;
        others_.push_back(progress_of(each));
        tell_if_unused(each);
    }
}

void projection_part::tell_if_unused(const events::projection_status& position) {
    if (position.behind() == 0 || position.idle_seconds <= unused_after || !told_.insert(position.key).second)
        return;
    const auto hint = "if it is no longer used: event-archiver projections forget " + position.key.projection;
    around_.frame.log().warn(
        "projection.unused",
        "no process has applied events for this position for a long time, and the journal"
        " keeps them for it",
        {{"projection", position.key.projection},
         {"topic", position.key.topic},
         {"position", position.at},
         {"behind", position.behind()},
         {"idle_seconds", position.idle_seconds},
         {"hint", hint}});
}

std::vector<readiness_probe> projection_part::probes() {
    if (!engine_ && broken_.empty()) // others run them, and their database may be away
        return {};
    return {{"projections", [this] { return problem(); }}};
}

awaitable<std::string> projection_part::problem() {
    co_return broken_.empty() ? stopped_projection(here()) : broken_;
}

} // namespace app
