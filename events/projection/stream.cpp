#include "events/projection/stream.hpp"

#include "async/caught.hpp"
#include "async/fault_point.hpp"
#include "async/pause.hpp"
#include "events/journal/error.hpp"
#include "events/projection/applied_log.hpp"
#include "events/projection/control.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

namespace events {

namespace {

using async::deadline;
using async::failure;
using namespace std::chrono_literals;

// A pause, or a row that somebody has changed, is seen within a second.
constexpr std::chrono::milliseconds look_every{900};
// Whoever stands by takes over if the position has not moved for so long although there are events.
constexpr std::chrono::milliseconds standby_patience{2'000};
constexpr std::chrono::milliseconds standby_look{250};

std::optional<async::error> error_in(const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const async::error& said) {
        return said;
    }
}

// What only a person can put right.
bool stops_projection(const async::error& said) {
    return !said.may_repeat() && said.kind() != failure::integrity && said.kind() != failure::internal &&
           said.kind() != failure::locked;
}

// Behind the beginning, what was there before is in no table of this projection, and will never be.
void say_where_it_begins(async::log& log, const stream_progress& progress, const extent& there) {
    if (there.begin > 0)
        log.warn("projection.begins_late",
                 "a projection begins with a topic of which the journal has removed events: they are not "
                 "applied",
                 {{"projection", progress.projection},
                  {"topic", progress.topic},
                  {"position", there.begin},
                  {"events_gone", there.begin}});
    else
        log.info("projection.begun", "a projection begins with a topic",
                 {{"projection", progress.projection}, {"topic", progress.topic}, {"position", there.begin}});
}

} // namespace

std::string_view to_string(stream_state state) noexcept {
    switch (state) {
    case stream_state::starting:
        return "starting";
    case stream_state::running:
        return "running";
    case stream_state::standing_by:
        return "standing_by";
    case stream_state::paused:
        return "paused";
    case stream_state::failed:
        break;
    }
    return "failed";
}

std::chrono::duration<double> stream_progress::behind_time(std::chrono::system_clock::time_point now) const {
    if (behind() == 0)
        return {};
    const auto since = oldest ? std::chrono::system_clock::time_point(*oldest) : moved;
    return std::max(std::chrono::duration<double>(now - since), std::chrono::duration<double>(0));
}

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
              {}} {
    progress_.projection = target_.key.projection;
    progress_.topic = source.name();
    progress_.partition = partition;
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
}

awaitable<void> projection_stream::attach() {
    std::function<awaitable<void>(db::connection&)> body = [this](db::connection& session) {
        return attach_on(session);
    };
    co_await session_.use(std::move(body));
}

awaitable<void> projection_stream::attach_on(db::connection& session) {
    auto row = co_await look_at(session, target_.key);
    // Behind the row: another process may move it on meanwhile, with the end of the journal.
    auto there = co_await source_.look(progress_.partition);
    if (!row && !options_.schema.empty())
        throw another_rebuild();
    if (!row || row->journal.empty()) {
        co_await begin_at(session, target_.key, there.id, there.begin);
        row = co_await look_at(session, target_.key);
        say_where_it_begins(log_, progress_, there);
        there = co_await source_.look(progress_.partition);
    }
    if (!row)
        throw async::error(failure::temporary, "the row of the projection's position was removed");
    must_belong(target_.key, *row, there);
    co_await must_go_on(source_, target_.key, *row, there);
    if (row->state == "failed") {
        co_await clear_failure(session, target_.key);
        row->state = "running";
    }
    target_.journal = there.id;
    progress_.end = there.end;
    progress_.moved = std::chrono::system_clock::now();
    take(*row);
    look_due_ = deadline::after(look_every);
}

void projection_stream::take(const position_row& row) {
    if (row.next != progress_.next) {
        progress_.moved = std::chrono::system_clock::now();
        drop_read();
    }
    progress_.next = row.next;
    replay_until_ = row.replay_until;
    target_.mark = row.mark;
    last_worker_ = row.worker;
    if (row.state == "paused")
        progress_.state = stream_state::paused;
    else if (row.state == "failed")
        progress_.state = stream_state::failed;
    else
        progress_.state = stream_state::running;
}

void projection_stream::drop_read() {
    read_.clear();
    taken_ = 0;
    gap_end_ = 0;
    progress_.oldest.reset();
}

awaitable<void> projection_stream::step() {
    if (look_due_.passed())
        co_await look_again();
    if (progress_.state != stream_state::running) {
        if (options_.once)
            throw async::error(
                failure::precondition,
                fmt::format("projection '{}' is {}", progress_.projection, to_string(progress_.state)),
                fmt::format("`event-archiver projections resume {}` lets it go on.", definition_.name));
        co_await async::pause(std::max<deadline::clock::duration>(look_due_.left(), 10ms));
        co_return;
    }
    if (taken_ == read_.size())
        co_await read_events();
    if (taken_ < read_.size() || gap_end_ > progress_.next)
        co_await apply_read();
}

awaitable<void> projection_stream::read_events() {
    drop_read();
    batch got;
    std::function<awaitable<void>()> reading = [this, &got]() -> awaitable<void> {
        got = co_await source_.read(
            progress_.partition, progress_.next, definition_.settings.batch_bytes,
            deadline::after(std::min<deadline::clock::duration>(look_due_.left(), look_every)));
    };
    co_await session_.repeat(std::move(reading)); // brokers go away and come back
    if (got.events.empty()) {
        progress_.moved = std::chrono::system_clock::now();
        gap_end_ = got.next;
        co_return;
    }
    read_ = std::move(got.events);
    progress_.oldest = read_.front().time;
    progress_.end = std::max(progress_.end, got.next);
}

awaitable<void> projection_stream::apply_read() {
    batch_report report;
    std::function<awaitable<void>(db::connection&)> body =
        [this, &report](db::connection& session) -> awaitable<void> { report = co_await apply_on(session); };
    co_await session_.use(std::move(body));
    if (report.fenced) {
        ++progress_.fenced;
        const auto before = progress_.next;
        co_await look_again();
        // The answer to COMMIT was lost, and it was committed.
        const bool was_here = progress_.next > before && last_worker_ == options_.worker;
        if (progress_.state == stream_state::running && !was_here)
            co_await stand_by();
        co_return;
    }
    note(report);
    if (!report.blocked_by.empty())
        throw async::error(
            failure::precondition,
            fmt::format(
                "the event at position {} of topic '{}', partition {}, is refused: it blocks projection '{}'",
                report.next, progress_.topic, progress_.partition, progress_.projection),
            "Mend apply.sql, or let projection.conf say on_error = dead_letter; then `event-archiver "
            "projections"
            " resume`.");
}

awaitable<batch_report> projection_stream::apply_on(db::connection& session) {
    if (read_.empty()) { // a transaction's marker may be the last that there is
        const event_list none;
        co_return co_await apply_batch(session, target_, none, progress_.next, gap_end_, log_);
    }
    auto count = std::min(definition_.settings.batch, read_.size() - taken_);
    // A batch ends where those end that have been applied before.
    if (read_[taken_].at < replay_until_)
        while (read_[taken_ + count - 1].at >= replay_until_)
            --count;
    const event_list events(read_.data() + taken_, count);
    // Kafka leaves out positions: the batch ends behind its last event.
    co_return co_await apply_batch(session, target_, events, progress_.next, events.back().at + 1, log_);
}

void projection_stream::note(const batch_report& report) {
    const auto before = taken_;
    taken_ = std::min(taken_ + report.events, read_.size());
    log_correlations(log_, {progress_.projection, progress_.topic},
                     std::span<const recorded_event>(read_).subspan(before, taken_ - before));
    progress_.next = report.next;
    target_.mark = report.mark;
    progress_.moved = std::chrono::system_clock::now();
    progress_.oldest.reset();
    if (taken_ < read_.size())
        progress_.oldest = read_[taken_].time;
    progress_.events += report.events;
    progress_.batches += 1;
    progress_.dead_letters += report.dead_letters;
    progress_.plugin_failures += report.plugin_failures;
    if (report.dead_letters > 0)
        log_.warn("projection.dead_letter", "events that SQL refused were put aside as dead letters",
                  {{"projection", progress_.projection},
                   {"topic", progress_.topic},
                   {"events", report.dead_letters},
                   {"before_position", report.next}});
    if (options_.moved)
        options_.moved();
}

// The row, and the journal that it must belong to.
awaitable<void> projection_stream::look_again() {
    std::function<awaitable<void>(db::connection&)> body =
        [this](db::connection& session) -> awaitable<void> {
        const auto row = co_await look_at(session, target_.key);
        if (!row)
            must_not_have_vanished();
        if (!row && progress_.state == stream_state::failed)
            co_return;
        if (!row || row->journal.empty()) { // put back to a time before it began
            co_await attach_on(session);
            co_return;
        }
        const auto there = co_await source_.look(progress_.partition);
        must_belong(target_.key, *row, there);
        if (progress_.state == stream_state::failed) // what it failed of may be that the topic was removed
            co_await must_go_on(source_, target_.key, *row, there);
        progress_.end = there.end;
        take(*row);
    };
    co_await session_.use(std::move(body));
    look_due_ = deadline::after(look_every);
}

// A person has removed it: what was applied would be applied again, to tables that have it.
void projection_stream::must_not_have_vanished() const {
    if (progress_.next == 0 || progress_.state == stream_state::failed)
        return;
    if (!options_.schema.empty())
        throw another_rebuild();
    throw async::error(
        failure::precondition,
        fmt::format("the position of projection '{}' in topic '{}', partition {}, was {} and is gone",
                    progress_.projection, progress_.topic, progress_.partition, progress_.next),
        "Nothing more is applied. A restart applies the topic from its beginning: if that is meant, empty the"
        " tables before; if the database was put back to a time before the projection began, restart.");
}

// Somebody else moves the position: looks on until it stands still although there are events.
awaitable<void> projection_stream::stand_by() {
    progress_.state = stream_state::standing_by;
    drop_read();
    auto seen = progress_.next;
    auto patience = deadline::after(standby_patience);
    while (!caught_up()) {
        co_await async::pause(standby_look);
        co_await look_again();
        if (progress_.state != stream_state::running)
            co_return;
        if (progress_.next != seen || progress_.behind() == 0) {
            seen = progress_.next;
            patience = deadline::after(standby_patience);
        } else if (patience.passed()) {
            log_.info("projection.taken_over", "a projection that stood still is taken over",
                      {{"projection", progress_.projection}, {"topic", progress_.topic}, {"position", seen}});
            co_return;
        }
        progress_.state = stream_state::standing_by;
    }
}

// Says so, writes it down, and waits until somebody resumes it.
awaitable<void> projection_stream::stopped(async::error why) {
    log_.error("projection.failed", why.message(),
               {{"projection", progress_.projection},
                {"topic", progress_.topic},
                {"position", progress_.next},
                {"error.type", async::to_string(why.kind())},
                {"hint", why.hint()}});
    std::function<awaitable<void>(db::connection&)> body = [this, &why](db::connection& session) {
        return note_failure(session, target_.key, why.message());
    };
    co_await session_.use(std::move(body));
    progress_.state = stream_state::failed;
    drop_read();
    look_due_ = deadline::after(look_every);
}

} // namespace events
