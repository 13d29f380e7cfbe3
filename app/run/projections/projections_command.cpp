// The command `projections`, a part of projection_work.
// Tested by tests/integration/test_projections.py and tests/integration/test_archived_events.py.

#include "app/run/archived_events.hpp"
#include "app/run/projections/projection_work.hpp"
#include "app/run/projections/projections_of.hpp"
#include "app/text/render_projections.hpp"
#include "app/text/terminal.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "events/projection/control.hpp"
#include "events/projection/rebuild/rebuild.hpp"
#include "events/projection/rebuild/replay.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

namespace app {

namespace {

using async::awaitable;
using definition_list = std::vector<events::projection_definition>;
using session_body = std::function<awaitable<void>(db::connection&)>;

constexpr std::chrono::seconds between_looks{1};

bool is_catching_up(const events::projection_status& each) {
    return each.state == "running" && each.behind() > 0;
}

// Of each of `now`.
pace_list paces_of(const std::vector<events::projection_status>& before,
                   const std::vector<events::projection_status>& now, std::chrono::duration<double> between) {
    pace_list found(now.size());
    for (std::size_t at = 0; at < now.size(); ++at) {
        const auto earlier = std::ranges::find(before, now[at].key, &events::projection_status::key);
        if (earlier != before.end() && is_catching_up(*earlier))
            found[at] = events::pace_between({earlier->at, earlier->end}, {now[at].at, now[at].end}, between);
    }
    return found;
}

} // namespace

awaitable<void> projection_work::projections(definition_list there) {
    if (request_.projection.what == projection_request::action::list) {
        co_await list(std::move(there));
        co_return;
    }
    if (request_.projection.what == projection_request::action::forget) {
        // The name may also be one that is no longer defined anywhere.
        const auto& name = request_.projection.names.front();
        const bool defined = std::ranges::any_of(
            there, [this, &name](const auto& each) { return position_name_of(each) == name; });
        bool was_there = false; // at this try, or at an earlier one whose answer was lost
        session_body body = [this, &name, &was_there, defined](db::connection& session) -> awaitable<void> {
            co_await events::make_schema(session, log_);
            bool is_there = co_await events::has_position(session, name);
            if (!is_there && request_.projection.drop) // letters stay where a position is removed by hand
                is_there = co_await events::has_dead_letter(session, name);
            was_there = was_there || is_there;
            if (is_there)
                co_await events::forget_projection(session, name, defined, request_.projection.drop);
        };
        co_await with_session(std::move(body));
        if (!was_there)
            throw async::error(
                async::failure::precondition, fmt::format("'{}' has no position to forget", name),
                "`event-archiver projections` lists the names; KAFKA_GROUP_ID is a part of one.");
        answer_ = render_change(name, {"forgotten", "forgotten"}, request_.output);
        co_return;
    }
    const auto chosen =
        named_projections(std::move(there), request_.projection.names, settings_.journal.group);
    co_await change(chosen.front());
}

awaitable<void> projection_work::list(definition_list there) {
    co_await open_journal_to_read();
    const auto wanted = projections_to_run(
        runnable_projections(std::move(there), broken_directories::left_out, log_), settings_.projections);
    std::vector<events::named_projection> names;
    for (const auto& each : wanted)
        names.push_back(named(each));
    std::vector<events::projection_status> all;
    pace_list paces;
    session_body body = [this, &names, &all, &paces](db::connection& session) -> awaitable<void> {
        all = co_await events::look_at_all(session, *journal_, names, events::hidden_events::counted);
        paces.clear();
        if (std::ranges::none_of(all, is_catching_up))
            co_return;
        const auto before = std::exchange(all, {});
        const auto looked_at = std::chrono::steady_clock::now();
        co_await async::pause(between_looks);
        all = co_await events::look_at_all(session, *journal_, names, events::hidden_events::counted);
        paces = paces_of(before, all, std::chrono::steady_clock::now() - looked_at);
    };
    co_await with_session(std::move(body));
    answer_ = render_projections(all, paces, request_.output, width_of(stream::output));
}

awaitable<void> projection_work::change(const events::projection_definition& which) {
    using action = projection_request::action;
    const auto what = request_.projection.what;
    if (what != action::resume)
        co_await open_journal_to_read();
    if (what == action::rebuild) {
        co_await rebuild(which);
        co_return;
    }
    events::replay_start start;
    if (what == action::replay)
        start = co_await start_of(which);
    bool is_paused = false;
    session_body body = [this, &which, &start, &is_paused, what](db::connection& session) -> awaitable<void> {
        co_await events::make_schema(session, log_);
        if (what == action::pause) {
            (void)co_await events::pause_projection(session, *journal_, named(which));
        } else if (what == action::resume) {
            (void)co_await events::resume_projection(session, position_name_of(which));
        } else {
            // A replay leaves it so. Behind its COMMIT nothing is asked that a signal could cut off.
            is_paused = co_await events::is_paused(session, position_name_of(which));
            co_await events::replay_projection(session, *journal_, named(which), start, log_);
        }
    };
    co_await with_session(std::move(body));
    projection_change done{"set_back", is_paused
                                           ? "set back, and still paused: the events are applied again once "
                                             "it is resumed"
                                           : "set back: the process that runs it applies the events again"};
    if (what == action::pause)
        done = {"paused", "paused"};
    else if (what == action::resume)
        done = {"resumed", "resumed: the process that runs it goes on"};
    answer_ = render_change(which.name, done, request_.output);
}

// If a person says where to begin, no event is left out.
awaitable<events::replay_start> projection_work::start_of(const events::projection_definition& which) {
    const auto& asked = request_.projection;
    events::replay_start start;
    start.at = asked.from;
    start.only_events = asked.only_events;
    if (asked.from_time)
        start.time = events::event_time(std::chrono::seconds(*asked.from_time));
    if (!start.at && !start.time)
        start.left_out = co_await archived_ranges(which, settings_, connections_, log_);
    co_return start;
}

awaitable<void> projection_work::rebuild(const events::projection_definition& which) {
    session_body body = [this, &which](db::connection& session) -> awaitable<void> {
        co_await events::make_schema(session, log_);
        (void)co_await events::migrate(session, which, log_);
    };
    co_await with_session(std::move(body));
    auto start = co_await start_of(which);
    events::rebuild_request request{named(which), std::move(start), run_id_, prepared_,
                                    [this](const events::projection_stream* now) { rebuilding_ = now; }};
    const bool in_place = which.settings.replay_from == events::replay_scope::not_archived;
    auto rebuilding = in_place ? events::refill_projection : events::rebuild_projection;
    const auto failed = co_await async::caught(rebuilding(session_, *journal_, std::move(request), log_));
    if (failed && request_.projection.detach && !async::is_cancellation(failed))
        co_await note_lost_rebuild(which,
                                   "a rebuild with --detach came to nothing: " + async::describe(failed));
    if (failed)
        std::rethrow_exception(failed);
    answer_ = render_change(which.name, {"rebuilt", "rebuilt"}, request_.output);
}

// Its log goes nowhere.
awaitable<void> projection_work::note_lost_rebuild(const events::projection_definition& which,
                                                   std::string why) {
    session_body body = [this, &which, &why](db::connection& session) {
        return events::note_lost_rebuild(session, position_name_of(which), why);
    };
    (void)co_await async::caught_error(with_session(std::move(body)));
}

} // namespace app
