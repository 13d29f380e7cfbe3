// The position of a stream as the database has it: begun, looked at again, moved by another process.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#include "async/caught.hpp"
#include "async/pause.hpp"
#include "events/projection/control.hpp"
#include "events/projection/follow/stream.hpp"
#include "events/projection/position_state.hpp"
#include "events/projection/stop_reason.hpp"

#include <fmt/format.h>

namespace events {

namespace {

using async::deadline;
using async::failure;

// A process that stands by takes over if the position has not moved for this long although there are events.
constexpr std::chrono::milliseconds standby_patience{2'000};
constexpr std::chrono::milliseconds standby_look{250};

} // namespace

// A table that a person left when the positions were removed has what would be applied again.
void projection_stream::say_what_is_there(const extent& there) {
    if (options_.rows_before == nullptr || !options_.rows_before->may_be_of(there.id) ||
        there.begin == there.end)
        return;
    log_.warn(
        "projection.rows_before",
        "a projection begins, and its tables have rows already: if these came from the same events, each "
        "is applied a second time",
        {{"projection", progress_.projection},
         {"topic", progress_.topic},
         {"tables", options_.rows_before->tables},
         {"hint",
          "if the positions were removed, or KAFKA_GROUP_ID is another one than before, empty the tables: "
          "event-archiver projections replay NAME --only-events"}});
    *options_.rows_before = {};
}

awaitable<void> projection_stream::attach() {
    std::function<awaitable<void>(db::connection&)> body = [this](db::connection& session) {
        return attach_on(session);
    };
    co_await session_.use(std::move(body));
}

awaitable<void> projection_stream::attach_on(db::connection& session) {
    auto row = co_await look_at(session, target_.key);
    // The row is read first: another process may move it on meanwhile, with the end of the journal.
    auto there = co_await source_.look(progress_.partition);
    if (!row && !options_.schema.empty())
        throw another_rebuild();
    if (!row || row->journal.empty()) {
        co_await begin_at(session, target_.key, there.id, there.begin);
        row = co_await look_at(session, target_.key);
        say_where_it_begins(log_, target_.key, there);
        say_what_is_there(there);
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
    note_row(*row);
    known_.is_compared = true; // above
    look_due_ = deadline::after(look_every);
}

void projection_stream::note_row(const position_row& row) {
    auto seen = next_state(known_, row);
    if (seen.has_moved) {
        progress_.moved = std::chrono::system_clock::now();
        ahead_.drop();
    }
    if (seen.has_new_note)
        log_.warn("projection.rebuild_failed", row.reason, {{"projection", progress_.projection}});
    if (seen.was_stopped_by_other)
        log_stop(log_, async::error(failure::precondition, row.reason), target_.key, row.next);
    known_ = std::move(seen.known);
    progress_.known = true;
}

// The files of this process are right: the mistake of another process's does not stop it. If a command has
// asked since for files to be read again, what this process was stopped by before it counts no more.
awaitable<void> projection_stream::go_on_beside_others(db::connection& session, position_row& row) {
    if (!can_go_on_beside(known_, row))
        co_return;
    co_await go_on_beside(session, target_.key, row.reason);
    log_.warn("projection.other_files",
              "another process cannot use its files of a projection; this one goes on with its own",
              {{"projection", progress_.projection}, {"topic", progress_.topic}, {"reason", row.reason}});
    row.state = "running";
    row.reason.clear();
}

// The row, and the journal that it must belong to.
awaitable<void> projection_stream::look_again() {
    std::optional<std::int64_t> reading; // files: what the row asks for
    std::function<awaitable<void>(db::connection&)> body =
        [this, &reading](db::connection& session) -> awaitable<void> {
        reading.reset();
        auto row = co_await look_at(session, target_.key);
        if (!row)
            must_not_have_vanished();
        if (!row && known_.state == stream_state::failed)
            co_return;
        if (!row || row->journal.empty()) { // put back to a time before it began
            co_await attach_on(session);
            co_return;
        }
        const auto there = co_await source_.look(progress_.partition);
        must_belong(target_.key, *row, there);
        if (known_.state == stream_state::failed) // what it failed of may be that the topic was removed
            co_await must_go_on(source_, target_.key, *row, there);
        progress_.end = there.end;
        co_await go_on_beside_others(session, *row);
        note_row(*row);
        if (known_.state != stream_state::running)
            co_return;
        reading = known_.read_files;
        if (options_.read_files)
            co_await options_.read_files(session, *reading);
        known_ = with_files_read(std::move(known_));
    };
    // What may pass has been tried again there.
    const auto failed = co_await async::caught(session_.use(std::move(body)));
    const auto why = failed && reading ? error_in(failed) : std::nullopt;
    if (why && stops_projection(*why))
        known_.unusable_for = reading;
    if (failed)
        std::rethrow_exception(failed);
    look_due_ = deadline::after(look_every);
}

// Another process may have a copy of the journal, or the journal was put back meanwhile: what was applied is
// to be an event of this journal before anything is applied behind it. Each move demands the mark that was
// compared, so this holds for the batches in between as well.
awaitable<void> projection_stream::must_have_what_others_applied() {
    if (known_.is_compared)
        co_return;
    std::function<awaitable<void>()> comparing = [this] { return compare_with_mark(); };
    co_await session_.repeat(std::move(comparing)); // brokers go away and come back
    known_.is_compared = true;
}

awaitable<void> projection_stream::compare_with_mark() {
    const auto there = co_await source_.look(progress_.partition);
    position_row reached;
    reached.journal = target_.journal;
    reached.next = known_.next;
    reached.mark = known_.mark;
    must_belong(target_.key, reached, there);
    co_await must_go_on(source_, target_.key, std::move(reached), there);
}

// A person has removed the row. What was applied would be applied again, to tables that already have it.
void projection_stream::must_not_have_vanished() const {
    if (known_.next == 0 || known_.state == stream_state::failed)
        return;
    if (!options_.schema.empty())
        throw another_rebuild();
    throw async::error(
        failure::precondition,
        fmt::format("the position of projection '{}' in topic '{}', partition {}, was {} and is gone",
                    progress_.projection, progress_.topic, progress_.partition, known_.next),
        "Nothing more is applied. A restart applies the topic from its beginning: if that is meant, empty the"
        " tables before; if the database was put back to a time before the projection began, restart.");
}

// Another process moves the position: waits until it stands still although there are events.
awaitable<void> projection_stream::stand_by() {
    known_.state = stream_state::standing_by;
    progress_.written = 0; // it is not read here
    ahead_.drop();
    auto seen = known_.next;
    auto patience = deadline::after(standby_patience);
    auto compared = deadline::after(standby_patience);
    while (!caught_up()) {
        co_await async::pause(standby_look);
        co_await look_again();
        if (compared.passed()) {
            co_await must_have_what_others_applied();
            compared = deadline::after(standby_patience);
        }
        if (known_.state != stream_state::running)
            co_return;
        if (known_.next != seen || progress_.end <= known_.next) {
            seen = known_.next;
            patience = deadline::after(standby_patience);
        } else if (patience.passed()) {
            log_.info("projection.taken_over", "took over a projection that no longer moved",
                      {{"projection", progress_.projection}, {"topic", progress_.topic}, {"position", seen}});
            co_return;
        }
        known_.state = stream_state::standing_by;
    }
}

} // namespace events
