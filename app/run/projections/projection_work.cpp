#include "app/run/projections/projection_work.hpp"

#include "app/cli/commands.hpp"
#include "app/observe/metrics_beat.hpp"
#include "app/observe/projection_metrics.hpp"
#include "app/run/archived_events.hpp"
#include "app/run/check_printer.hpp"
#include "app/run/journal/open_journal.hpp"
#include "app/run/loop_run.hpp"
#include "app/run/projections/projection_checks.hpp"
#include "app/run/projections/projections_of.hpp"
#include "app/text/render.hpp"
#include "app/text/units.hpp"
#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "db/conninfo.hpp"
#include "events/projection/control.hpp"
#include "events/projection/retention/retention.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace app {

namespace {

using async::awaitable;
using async::failure;
using definition_list = std::vector<events::projection_definition>;
using session_body = std::function<awaitable<void>(db::connection&)>;

async::retry_policy policy_of(const configuration& settings) {
    async::retry_policy policy;
    policy.tries_max = settings.retries + 1;
    policy.pause_first = std::chrono::milliseconds(200);
    policy.pause_max = std::chrono::milliseconds(5'000);
    return policy;
}

} // namespace

projection_work::projection_work(const command_line& request, const configuration& settings, run_frame& frame,
                                 std::function<void()> prepared, health_server health)
    : request_(request)
    , settings_(settings)
    , out_(frame.out())
    , log_(frame.log())
    , blocking_calls_(frame.blocking_calls())
    , run_id_(frame.run_id())
    , prepared_(std::move(prepared))
    , health_(std::move(health))
    , connections_(loop_.get_executor(), settings, lake_of_replay(settings), frame.blocking_calls(), log_)
    , guard_(loop_.get_executor(), stop_, log_)
    , session_(loop_.get_executor(), connections_.database(), policy_of(settings),
               std::string(info_of(request.command).name))
    , beside_(loop_.get_executor())
    , backlog_(request.command == command::project ? "applying" : "rebuilding")
    , display_(loop_.get_executor(), usual_style(frame.out(), settings.level),
               {[this] { return backlog_.note(progress(), backlog_progress::clock::now()); },
                [this](const progress_pace&) { backlog_.log(log_); }},
               standard_error()) {
    out_.display = &display_;
}

projection_work::~projection_work() { out_.display = nullptr; }

work_end projection_work::run() {
    loop_hooks hooks{[this](int number) {
                         guard_.stop(number, "stopping: the events that are being applied are rolled back",
                                     "projecting");
                     },
                     [this] { display_.show_now(); },
                     [this] {
                         display_.stop();
                         session_.close();
                         connections_.close();
                     }};
    display_.start();
    auto end = run_stoppable(loop_, work(), stop_, guard_, std::move(hooks));
    end.exit_code = exit_code_;
    return end;
}

std::vector<events::stream_progress> projection_work::progress() const {
    if (rebuilding_ == nullptr)
        return engine_ ? engine_->progress() : last_;
    auto only = rebuilding_->progress();
    only.projection = request_.projection.names.front(); // the position of the new tables has another name
    return {std::move(only)};
}

std::string projection_work::position_name_of(const events::projection_definition& which) const {
    return events::position_name(which, settings_.journal.group);
}

events::named_projection projection_work::named(const events::projection_definition& which) const {
    return {which, position_name_of(which)};
}

awaitable<void> projection_work::work() {
    // Also after a failure or a signal: the clients of Kafka keep the loop running until they are closed.
    std::function<events::journal*()> opened = [this] { return journal_.get(); };
    co_await closing_after(do_command(), log_, std::move(opened));
}

awaitable<void> projection_work::do_command() {
    const auto there = std::make_shared<definition_list>();
    std::function<void()> reading = [there, &settings = settings_] { *there = all_projections(settings); };
    const auto unread = co_await async::caught_error(reading_.run(std::move(reading)));
    if (unread && request_.command != command::check) // which tells all that it finds
        std::rethrow_exception(unread);
    switch (request_.command) {
    case command::project:
        co_await project(std::move(*there));
        break;
    case command::projections:
        co_await projections(std::move(*there));
        break;
    case command::dead_letters:
        co_await dead_letters(std::move(*there));
        break;
    case command::check:
        co_await check(std::move(*there), unread);
        break;
    default:
        co_await migrate(std::move(*there));
    }
}

awaitable<void> projection_work::with_session(session_body body) { return session_.use(std::move(body)); }

// A topic that does not exist although positions are known was lost.
awaitable<void> projection_work::open_journal_to_read() {
    std::optional<async::error> why;
    try {
        journal_ = open_journal(loop_.get_executor(), settings_, journal_use::read, blocking_calls_, log_);
    } catch (const async::error& failed) {
        why = failed;
    }
    if (why)
        co_await must_not_be_lost(*why);
}

awaitable<void> projection_work::must_not_be_lost(async::error why) {
    std::string known;
    session_body body = [this, &known](db::connection& session) -> awaitable<void> {
        co_await events::make_schema(session, log_);
        const auto found =
            co_await session.query("SELECT p.projection, p.topic, p.next FROM event_archiver.position p"
                                   " ORDER BY p.next DESC, p.projection LIMIT 1");
        if (found.rows() > 0 && found.integer(0, 2) > 0)
            known = fmt::format("projection '{}' is at position {} of topic '{}'", found.text(0, 0),
                                found.text(0, 2), found.text(0, 1));
    };
    co_await with_session(std::move(body));
    if (!known.empty())
        throw async::error(failure::integrity, fmt::format("{}, but {}", known, why.message()), why.hint());
    throw why;
}

awaitable<void> projection_work::project(definition_list there) {
    const bool asked_by_name = !request_.projection.names.empty();
    auto defined = names_of(there);
    auto chosen = asked_by_name ? named_projections(std::move(there), request_.projection.names,
                                                    settings_.journal.group)
                                : projections_to_run(std::move(there), settings_.projections);
    chosen = runnable_projections(
        std::move(chosen), request_.projection.once ? broken_directories::left_out : broken_directories::wait,
        log_);
    const auto missing = shipped_projections_problem();
    if (chosen.empty())
        throw async::error(failure::precondition, "there is no projection to run",
                           "Check PROJECT and PROJECTIONS_PATH." +
                               (missing.empty() ? std::string() : " And " + missing + "."));
    co_await open_journal_to_read();
    events::engine_options options;
    options.once = request_.projection.once;
    options.worker = run_id_;
    options.group = settings_.journal.group;
    options.defined = std::move(defined);
    options.read_again = definition_reader_of(settings_);
    options.retries = policy_of(settings_);
    // With Kafka, positions are only shown: events are removed only by the process that writes segments.
    events::known_readers shown;
    for (const auto& each : chosen)
        shown.awaited.push_back({position_name_of(each), each.settings.topics, true});
    const auto database = connections_.database();
    engine_ = std::make_unique<events::projection_engine>(loop_.get_executor(), *journal_, database,
                                                          std::move(chosen), std::move(options));
    std::vector<awaitable<void>> tasks;
    tasks.push_back(engine_->run());
    if (settings_.projections.health_port && !request_.projection.once) {
        projecting_view view{loop_.get_executor(), settings_, database, [this] { return progress(); }, log_};
        tasks.push_back(health_(std::move(view)));
    }
    if (settings_.journal.in_kafka() && !request_.projection.once)
        tasks.push_back(
            events::keep_retention(*journal_, &database, shown, log_, events::retained::awaited_topics));
    if (!request_.projection.once) {
        std::function<std::vector<telemetry::metric>()> look = [this] {
            return metrics_of(progress(), std::chrono::system_clock::now());
        };
        beside_.start(keep_delivering(settings_.metrics, std::move(look), reading_, log_));
    }
    auto failed = co_await async::caught(async::run_all(std::move(tasks)));
    events::retention_notes unused;
    if (settings_.journal.in_kafka() && request_.projection.once && !failed)
        failed = co_await async::caught(
            events::retain_once(*journal_, &database, shown, unused, events::retained::awaited_topics));
    co_await async::ignoring_cancellation(); // the rest is short
    beside_.cancel();
    co_await beside_.join();
    last_ = engine_->progress();
    engine_.reset();
    if (failed)
        std::rethrow_exception(failed);
}

awaitable<void> projection_work::migrate(definition_list there) {
    const bool asked_by_name = !request_.projection.names.empty();
    auto chosen = asked_by_name ? named_projections(std::move(there), request_.projection.names,
                                                    settings_.journal.group)
                                : projections_to_run(std::move(there), settings_.projections);
    chosen = runnable_projections(std::move(chosen), broken_directories::left_out, log_);
    std::size_t applied = 0;
    session_body body = [this, &chosen, &applied](db::connection& session) -> awaitable<void> {
        co_await events::make_schema(session, log_);
        for (const auto& each : chosen)
            applied += co_await events::migrate(session, each, log_);
    };
    co_await with_session(std::move(body));
    answer_ = fmt::format("applied {}\n", counted(applied, "migration"));
}

awaitable<void> projection_work::check(definition_list there, std::exception_ptr unread) {
    const auto wanted = projections_to_check(there, settings_.projections);
    const bool by_name = settings_.projections.choice == projection_choice::named;
    std::string problem;
    std::string remedy;
    try {
        journal_ = open_journal(loop_.get_executor(), settings_, journal_use::read, blocking_calls_, log_);
    } catch (const async::error& failed) {
        problem = failed.message();
        remedy = failed.hint();
    }
    projection_check_context context{connections_.database(), db::describe_conninfo(settings_.database),
                                     wanted, settings_.journal.group};
    context.unread = std::move(unread);
    context.journal = journal_.get();
    context.journal_problem = std::move(problem);
    context.journal_remedy = std::move(remedy);
    if (!by_name)
        context.shipped_problem = shipped_projections_problem();
    std::size_t name_width = 0;
    for (const auto& each : wanted)
        name_width =
            std::max(name_width, std::string_view("projection ").size() + position_name_of(each).size());
    constexpr std::size_t name_width_max = 36; // a longer name stands alone on its line
    check_printer printer(blocking_calls_, request_.output, std::min(name_width, name_width_max));
    context.ended = [&printer](const std::vector<archive::check_line>& lines) { return printer.show(lines); };
    const auto lines = co_await check_projections(std::move(context));
    auto answer = printer.finish(lines);
    exit_code_ = answer.exit_code;
    answer_ = std::move(answer.text);
}

} // namespace app
