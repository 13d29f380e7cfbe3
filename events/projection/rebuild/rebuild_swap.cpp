// The second half of a rebuild: the new tables take the place of the live ones, in one transaction.
// Tested by tests/integration/test_rebuild_refusals.py and tests/fault/test_projection_kills.py.
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "db/in_transaction.hpp"
#include "events/projection/apply/apply_batch.hpp"
#include "events/projection/rebuild/rebuild_rows.hpp"
#include "events/projection/rebuild/rebuild_work.hpp"
#include "events/projection/rebuild/swap_tables.hpp"
#include "events/projection/schema.hpp"
#include "events/projection/stop_reason.hpp"
#include "events/projection/table_origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace events {

using async::failure;
using async::fault_point;

namespace {

// Readers of a table wait behind a swap that waits for one of them.
constexpr std::chrono::seconds swap_patience{3};
constexpr std::chrono::seconds swap_read_patience{10};

// How far the live projection may be ahead, in batches of each partition. While they are applied it waits,
// and so do other writers of its tables: one batch as a rule. Where events come as fast as a rebuild applies
// them, it would never come that near, so each further round may take twice as many.
std::size_t batches_to_level(int rounds) noexcept {
    constexpr int patient_rounds = 2;
    constexpr int doublings_max = 20;
    return std::size_t{1} << std::clamp(rounds - patient_rounds, 0, doublings_max);
}

} // namespace

awaitable<bool> rebuild_work::must_not_shrink(db::connection& session) {
    const auto shrink = co_await tables_that_shrink(session, definition_);
    if (shrink.empty())
        co_return false;
    const bool meant = co_await sources_.leave_events_out(session);
    if (!meant && !request_.from.only_events)
        throw async::error(
            failure::precondition,
            fmt::format("the new tables of projection '{}' would lack rows that the live ones have: {}",
                        request_.which.name, shrink),
            fmt::format("Others wrote them, or apply.sql leaves them out now. If they may go, `projections"
                        " rebuild {} --only-events` keeps the old tables in another schema.",
                        definition_.name));
    co_return true;
}

awaitable<void> rebuild_work::swap(db::connection& session) {
    db::transaction_options options;
    options.lock_timeout = swap_patience;
    db::transaction_body body = [this](db::connection& one) { return move_over(one); };
    far_behind_ = false;
    const auto done = co_await async::outcome_of(
        db::in_transaction(session, options, std::move(body), "rebuild-before-swap"));
    if (far_behind_) { // once more around
        ++rounds_;
        co_return;
    }
    if (done.failed) {
        const auto said = error_in(done.failed);
        swap_in_doubt_ = swap_in_doubt_ || (said && said->outcome_unknown());
        if (async::failure_of(done.failed) == failure::precondition)
            co_await discard(session);
        std::rethrow_exception(done.failed);
    }
    fault_point("rebuild-swapped");
    swapped_ = true;
}

// A refused rebuild is not tried again: neither its tables nor events for them are kept.
awaitable<void> rebuild_work::discard(db::connection& session) {
    const auto failed =
        co_await async::caught_error(discard_rebuild(session, definition_, temporary_, schema_oid_));
    if (failed)
        log_.info("projection.rebuild_left", "the next rebuild removes the tables of this one",
                  {{"projection", request_.which.name}});
}

// A swap takes the temporary position along.
awaitable<bool> rebuild_work::was_swapped(db::connection& session) {
    const auto left =
        co_await session.query("SELECT pg_catalog.count(*) FROM event_archiver.position p WHERE "
                               "p.projection OPERATOR(pg_catalog.=)"
                               " $1::pg_catalog.text",
                               temporary_);
    co_return !sources_.all().empty() && left.integer(0, 0) == 0;
}

awaitable<bool> rebuild_work::move_over(db::connection& session) {
    co_await lock_tables_of_projections(session);
    // No batch of the live projection is in the middle, and none begins. Unlike a query it takes no snapshot:
    // later statements see the newest rows.
    co_await session.execute("LOCK TABLE event_archiver.position IN SHARE ROW EXCLUSIVE MODE");
    // Behind the lock the transaction of an earlier try is over, though its answer was lost.
    if (swap_in_doubt_ && co_await was_swapped(session))
        co_return false;
    // Rows are counted below: others write none from here on.
    if (!live_tables_.empty())
        co_await session.execute(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", live_tables_));
    const auto schema = co_await schema_oid(session, rebuild_schema(definition_));
    if (schema != schema_oid_)
        throw another_rebuild();
    auto missing = co_await sources_.what_is_missing(session);
    if (missing) {
        far_behind_ = true;
        throw std::move(*missing);
    }
    for (const auto& each : sources_.all())
        co_await level(session, each);
    co_await must_be_free_to_swap(session, definition_);
    const bool shrink = co_await must_not_shrink(session);
    const bool keeps = definition_.settings.replay == replay_policy::keep;
    parking_ = co_await swap_tables(session, definition_, keeps || shrink || request_.from.only_events);
    co_await note_only_events(session, definition_);
    for (const auto& each : sources_.all()) {
        position_key live{request_.which.name, each.source->name(), each.partition};
        co_await drop_letters_from(session, std::move(live), each.start, each.there.id);
    }
    co_await rename_rows(session, temporary_, request_.which.name);
    co_await record_migrations(session, definition_);
    co_return true;
}

awaitable<void> rebuild_work::level(db::connection& session, rebuilt_partition each) {
    const position_key live_key{request_.which.name, each.source->name(), each.partition};
    const position_key key{temporary_, each.source->name(), each.partition};
    const auto live = co_await look_at(session, live_key);
    auto mine = co_await look_at(session, key);
    if (!mine)
        throw another_rebuild();
    if (!live || live->journal != mine->journal)
        co_return;
    const auto there = co_await each.source->look(each.partition);
    co_await must_go_on(*each.source, live_key, *live, there);
    const auto batches_max = batches_to_level(rounds_);
    for (std::size_t batches = 0; mine && mine->next < live->next; ++batches) {
        const auto missing = static_cast<std::size_t>(live->next - mine->next);
        far_behind_ = missing / batches_max > definition_.settings.batch || batches == batches_max;
        if (far_behind_)
            throw async::error(failure::temporary, "the live projection is too far ahead");
        co_await apply_next(session, each, *mine, live->next);
        mine = co_await look_at(session, key);
    }
}

// One batch, of what stands before `end`.
awaitable<void> rebuild_work::apply_next(db::connection& session, rebuilt_partition each, position_row mine,
                                         position end) {
    const auto& settings = definition_.settings;
    std::vector<recorded_event> batch;
    std::size_t bytes = 0;
    auto at = mine.next;
    while (at < end && batch.size() < settings.batch && bytes < settings.batch_bytes) {
        auto read = co_await each.source->read(each.partition, at, settings.batch_bytes,
                                               async::deadline::after(swap_read_patience));
        if (read.events.empty() && read.next <= at)
            throw async::error(failure::temporary, "the journal does not give the last events");
        at = std::min(read.next, end);
        for (auto& one : read.events) {
            if (one.at >= end)
                break;
            if (batch.size() == settings.batch || bytes >= settings.batch_bytes) {
                at = one.at;
                break;
            }
            bytes += memory_of(one);
            batch.push_back(std::move(one));
        }
    }
    position_key key{temporary_, each.source->name(), each.partition};
    batch_target target{
        definition_, std::move(key), mine.journal,    request_.worker, rebuild_schema(definition_),
        schema_oid_, mine.mark,      mine.read_files, &patience_};
    const auto report = co_await apply_within(session, target, batch, mine.next, at, log_);
    if (!report.blocked_by.empty() || report.fenced)
        throw async::error(failure::temporary, "the last batch could not be applied to the new tables");
    co_await session.execute("SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL synchronous_commit = on;"
                             " SET LOCAL idle_in_transaction_session_timeout = 0");
}

} // namespace events
