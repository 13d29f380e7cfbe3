#include "events/projection/follow/stream.hpp"

#include "async/caught.hpp"
#include "async/pause.hpp"
#include "events/journal/error.hpp"
#include "events/projection/control.hpp"
#include "events/projection/follow/applied_log.hpp"
#include "events/projection/position_state.hpp"
#include "events/projection/stop_reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace events {

namespace {

using async::deadline;
using async::failure;
using namespace std::chrono_literals;

// A transaction that is at work ends sooner.
constexpr std::chrono::seconds hidden_patience{30};

} // namespace

projection_stream::projection_stream(projection_session& session, topic& source, std::int32_t partition,
                                     std::string name, const projection_definition& definition,
                                     stream_options options, async::log& log)
    : session_(session)
    , source_(source)
    , definition_(definition)
    , options_(std::move(options))
    , log_(log)
    , target_{definition,
              {std::move(name), source.name(), partition},
              {},
              options_.worker,
              options_.schema,
              options_.schema_oid,
              {},
              0,
              &patience_,
              {},
              &conflicts_}
    , patience_(plugin_patience::scope::each_batch, options_.once ? plugin_patience::conflicts_of_once
                                                                  : plugin_patience::conflicts_of_following) {
    progress_.projection = target_.key.projection;
    progress_.topic = source.name();
    progress_.partition = partition;
    progress_.known = false;
}

awaitable<void> projection_stream::run() {
    std::exception_ptr failed = co_await async::caught(attach());
    if (failed)
        std::rethrow_exception(failed);
    target_end_ = progress_.end;
    while (!caught_up()) {
        failed = co_await async::caught(step());
        if (!failed)
            continue;
        if (async::is_cancellation(failed))
            std::rethrow_exception(failed);
        const auto said = error_in(failed);
        if (options_.once || !said || !stops_projection(*said)) {
            if (said && stops_projection(*said))
                co_await stopped(*said);
            std::rethrow_exception(failed);
        }
        co_await stopped(*said);
    }
    co_await must_have_what_others_applied();
    co_await look_for_hidden();
}

stream_progress projection_stream::progress() const {
    auto now = progress_;
    now.state = known_.state;
    now.reason = known_.reason;
    now.next = known_.next;
    now.oldest = ahead_.oldest();
    return now;
}

awaitable<void> projection_stream::step() {
    const bool must_read_files = known_.state == stream_state::running && !known_.files_are_read;
    if (look_due_.passed() || must_read_files)
        co_await look_again();
    co_await must_have_what_others_applied();
    if (known_.state != stream_state::running) {
        if (options_.once)
            throw async::error(
                failure::precondition,
                fmt::format("projection '{}' is {}", progress_.projection, to_string(known_.state)),
                fmt::format("`event-archiver projections resume {}` lets it go on.", definition_.name));
        co_await async::pause(std::max<deadline::clock::duration>(look_due_.left(), 10ms));
        co_return;
    }
    if (ahead_.is_empty())
        co_await read_events();
    if (ahead_.has_more_than(known_.next))
        co_await apply_read();
}

awaitable<void> projection_stream::read_events() {
    ahead_.drop();
    batch got;
    std::function<awaitable<void>()> reading = [this, &got]() -> awaitable<void> {
        got = co_await source_.read(
            progress_.partition, known_.next, definition_.settings.batch_bytes,
            deadline::after(std::min<deadline::clock::duration>(look_due_.left(), look_every)));
    };
    co_await session_.repeat(std::move(reading)); // brokers go away and come back
    progress_.written = got.written;
    if (got.events.empty()) {
        note_hidden(got.next, hidden_patience);
        if (got.written <= got.next)
            progress_.moved = std::chrono::system_clock::now();
        ahead_.hold_none_before(got.next);
        co_return;
    }
    hidden_.forget();
    ahead_.hold(std::move(got.events));
    progress_.end = std::max(progress_.end, got.next);
}

// What has caught up and ends does not read any more.
awaitable<void> projection_stream::look_for_hidden() {
    batch got;
    std::function<awaitable<void>()> reading = [this, &got]() -> awaitable<void> {
        got = co_await source_.read(progress_.partition, known_.next, 1, deadline(deadline::clock::now()));
    };
    co_await session_.repeat(std::move(reading));
    if (!got.events.empty()) // they came since
        co_return;
    progress_.written = got.written;
    note_hidden(got.next, 0s);
}

void projection_stream::note_hidden(position readable_end, deadline::clock::duration patience) {
    if (!hidden_.must_tell(readable_end, progress_.written, patience, deadline::clock::now()))
        return;
    log_.warn("projection.hidden",
              "events are not applied: an open transaction of another producer hides them from readers",
              {{"projection", progress_.projection},
               {"topic", progress_.topic},
               {"partition", progress_.partition},
               {"position", readable_end},
               {"events", progress_.written - readable_end}});
}

awaitable<void> projection_stream::apply_read() {
    batch_report report;
    std::function<awaitable<void>(db::connection&)> body =
        [this, &report](db::connection& session) -> awaitable<void> {
        auto tried = co_await async::outcome_of(apply_on(session));
        conflicts_.note(tried.failed, deadline::clock::now());
        if (tried.failed)
            std::rethrow_exception(tried.failed);
        report = std::move(*tried.value);
    };
    co_await session_.use(std::move(body));
    if (report.fenced) {
        ++progress_.fenced;
        const auto before = known_.next;
        co_await look_again();
        // The answer to COMMIT was lost, and it was committed.
        const bool was_here = known_.next > before && known_.worker == options_.worker;
        if (known_.state == stream_state::running && !was_here)
            co_await stand_by();
        co_return;
    }
    note(report);
    if (!report.blocked_by.empty())
        throw async::error(
            failure::precondition,
            fmt::format("the event at position {} of topic '{}', partition {}, blocks projection '{}': it is "
                        "refused: {}",
                        report.next, progress_.topic, progress_.partition, progress_.projection,
                        report.blocked_by),
            fmt::format("Fix apply.sql, or set on_error = dead_letter in projection.conf; then"
                        " `event-archiver projections resume {}`.",
                        definition_.name));
}

// Returns how many events the next batch may have. The tables of a rebuild are its own.
std::size_t projection_stream::choose_way() {
    const auto& settings = definition_.settings;
    const bool can_lock = options_.schema.empty() && !settings.tables.empty();
    const auto way = conflicts_.next_way(can_lock, deadline::clock::now());
    target_.locked_tables.clear();
    if (way.locks_tables)
        for (const auto& each : settings.tables)
            target_.locked_tables += (target_.locked_tables.empty() ? "" : ", ") + each.quoted();
    if (way.is_news)
        log_.warn("projection.conflicts",
                  "another program, or another process that runs a projection, changes its rows all the "
                  "time: batches lock the tables, or are short",
                  {{"projection", progress_.projection},
                   {"topic", progress_.topic},
                   {"position", known_.next},
                   {"tables", target_.locked_tables}});
    return way.is_single ? 1 : settings.batch;
}

awaitable<batch_report> projection_stream::apply_on(db::connection& session) {
    const auto most = choose_way();
    target_.mark = known_.mark;
    target_.read_files = known_.read_files;
    const auto events = ahead_.next_batch(most, known_.replay_until);
    const auto end = ahead_.end_of(events);
    co_return co_await apply_batch(session, target_, events, known_.next, end, log_);
}

void projection_stream::note(const batch_report& report) {
    log_correlations(log_, {progress_.projection, progress_.topic}, ahead_.take(report.events));
    known_ = after_batch(std::move(known_), report);
    progress_.moved = std::chrono::system_clock::now();
    progress_.events += report.events;
    progress_.batches += 1;
    progress_.dead_letters += report.dead_letters;
    progress_.plugin_failures += report.plugin_failures;
    if (report.dead_letters > 0)
        conflicts_.allow_long_batches();
    if (report.dead_letters > 0)
        log_.warn("projection.dead_letter", "events that SQL refused were put aside as dead letters",
                  {{"projection", progress_.projection},
                   {"topic", progress_.topic},
                   {"events", report.dead_letters},
                   {"before_position", report.next}});
    if (options_.moved)
        options_.moved();
}

// Logs and records the failure, and waits until a person resumes it. The failure may also prevent recording
// it: then it goes on once the row can be read again.
awaitable<void> projection_stream::stopped(async::error why) {
    if (is_news(known_, why.message()))
        log_stop(log_, why, target_.key, known_.next);
    known_ = after_failure(std::move(known_), why.message());
    const auto reason = reason_to_note(known_);
    std::function<awaitable<void>(db::connection&)> body = [this, &reason](db::connection& session) {
        return note_failure(session, target_.key, reason);
    };
    (void)co_await async::caught_error(session_.use(std::move(body)));
    ahead_.drop();
    look_due_ = deadline::after(look_every);
}

awaitable<void> run_shown(projection_stream& stream,
                          const std::function<void(const projection_stream*)>& applying) {
    if (applying)
        applying(&stream);
    const auto failed = co_await async::caught(stream.run());
    if (applying)
        applying(nullptr);
    if (failed)
        std::rethrow_exception(failed);
}

} // namespace events
