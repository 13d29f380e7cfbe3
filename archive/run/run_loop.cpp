#include "archive/run/run_loop.hpp"

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_lock.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/error.hpp"
#include "db/position.hpp"
#include "db/session_names.hpp"
#include "db/session_scope.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace archive {

using async::failure;
using async::fault_point;
using lake::attempt_result;

job::job(job_context context)
    : context_(std::move(context))
    , rebuilding_{context_.pages, context_.new_nonce}
    , publisher_(context_.lake, context_.retries, context_.settings.placement, &rebuilding_)
    , restores_(context_.lake, context_.retries, context_.new_nonce)
    , lease_(context_.lake, context_.retries, "lock", context_.run_id)
    , ledger_(context_.lake)
    , settler_(context_.lake, publisher_.tails(), restores_, context_.sink, context_.settings.parallel,
               lease_, ledger_)
    , converter_(context_.lake, context_.retries, context_.pages, context_.sink, context_.run_id,
                 context_.new_nonce) {}

awaitable<void> job::archive() {
    removes_partitions_ = context_.settings.partitions != partition_removal::none;
    return repeat([this](unit& work) { return archive_unit(work); });
}

awaitable<void> job::recover() {
    return repeat([](unit&) -> awaitable<attempt_result> { co_return attempt_result::finished; });
}

awaitable<void> job::recover_file(std::string name, verdict decision) {
    co_await context_.lake.client().ensure_container();
    const auto slash = name.rfind('/');
    const auto key = lake::key_of_file(slash == std::string::npos ? name : name.substr(slash + 1));
    if (!key || (slash != std::string::npos && name != context_.lake.name_of(*key)))
        throw async::error(failure::usage, fmt::format("'{}' is not the name of a day file", name),
                           "Name it as `list` shows it: events_YYYY-MM-DD.csv.");
    const auto session = co_await db::connection::open(context_.database, context_.helper, context_.sink);
    unit work(*session);
    if (!co_await begin_unit(work))
        throw lock_is_held();
    auto wanted = co_await claim(work);
    if (!co_await lease_.take(std::move(wanted)))
        throw lease_.taken();
    const auto file = co_await context_.lake.look(context_.lake.name_of(*key));
    if (!file)
        throw async::error(failure::precondition,
                           fmt::format("there is no '{}'", context_.lake.name_of(*key)));
    const auto& mark = file->mark.mark;
    const bool waits = mark && (lake::awaited(*mark) || mark->restored);
    if (decision == verdict::keep && file->mark.mistake.empty() && !waits)
        co_await accept_file(work, *file);
    else
        co_await settler_.settle_by_verdict(*session, work.table, work.position, *file, decision);
    ++context_.report.files_settled;
    co_await leave(work, true);
}

awaitable<void> job::repeat(attempt_body body) {
    lake::attempt_steps steps;
    steps.attempt = [this, &body] { return attempt(body); };
    steps.tell_again = [this](const std::exception_ptr& conflict, int times) {
        context_.sink.warn("run.again", "old rows or files were changed meanwhile: the run begins again",
                           {{"error.message", async::describe(conflict)}, {"attempt", times}});
    };
    steps.lock_is_held = [this] { return lock_is_held(); };
    steps.tail_is_open = [] {
        return async::error(failure::locked,
                            "a file waits for a transaction that is still in progress on the server",
                            "If no other run is at work, its connection will end by itself; look in"
                            " pg_stat_activity.");
    };
    const auto& settings = context_.settings;
    lake::attempt_limits limits{&lease_, context_.stop, settings.lock_wait, settings.settle_wait};
    co_await lake::repeat_attempts(limits, std::move(steps));
}

awaitable<attempt_result> job::attempt(const attempt_body& body) {
    ++context_.report.attempts;
    context_.report.enter(run_phase::connecting);
    auto result = attempt_result::finished;
    const db::database_access database{context_.database, context_.helper, context_.sink};
    const auto failed = co_await async::caught(
        db::with_session(database, [this, &body, &result](db::connection& session) -> awaitable<void> {
            unit work(session);
            result = co_await open_unit(work, body);
        }));
    if (failed)
        std::rethrow_exception(co_await explained(failed));
    co_return result;
}

awaitable<attempt_result> job::open_unit(unit& work, const attempt_body& body) {
    if (!co_await begin_unit(work))
        co_return attempt_result::lock_busy;
    fault_point("locked");

    context_.report.enter(run_phase::settling);
    // What another server's run changes between the two has another ETag than the one listed.
    co_await load_files(work);
    if (work.position.cluster.empty()) {
        // Whose the folder is cannot be told, so that nothing is written to it: `body` finds nothing to do,
        // or asks for the identity itself.
        for (const auto& [key, file] : work.files)
            if (file.mark.mark && lake::awaited(*file.mark.mark))
                db::must_be_identified(work.position);
        const auto result = co_await body(work);
        co_await leave(work, false);
        co_return result;
    }
    auto wanted = co_await claim(work);
    if (!co_await lease_.take(std::move(wanted))) {
        co_await work.transaction->rollback();
        co_return attempt_result::lease_busy;
    }
    if (const auto unsettled = co_await settle(work)) {
        co_await work.transaction->rollback();
        co_return *unsettled;
    }
    const auto result = co_await body(work);
    co_await leave(work, result == attempt_result::finished);
    co_return result;
}

awaitable<lake::lease_claim> job::claim(unit& work) const {
    return lake::claim_of(work.session, work.position,
                          lake::table_in_mark(work.table.schema, work.table.relation));
}

// Whoever is the last on this server lets go of the lease, so that another server need not wait for it to
// lapse: while nobody else can have the table's lock, nobody else works under the lease.
awaitable<void> job::leave(unit& work, bool finished) {
    const auto left = co_await async::caught(let_go(work, finished));
    // What there was to do is done: where a stop comes now, the lease lapses and the connection is closed.
    if (left && !async::is_cancellation(left))
        std::rethrow_exception(left);
}

awaitable<void> job::let_go(unit& work, bool finished) {
    // A shard would have to take the table's lock from under its siblings: theirs lapses.
    if (finished && context_.settings.shard.count == 1 && work.session.usable()) {
        try {
            if (!work.transaction->open())
                work.transaction = co_await db::transaction::begin(work.session, coordinator_options());
            if (co_await alone(work))
                co_await lease_.release();
        } catch (const async::error& failed) {
            context_.sink.debug("lease.not_released",
                                "the lake's lease was not released: it lapses by itself",
                                {{"error.message", failed.what()}});
            co_return; // what there was to do is done
        }
    }
    if (work.transaction->open())
        co_await work.transaction->rollback();
}

awaitable<bool> job::alone(unit& work) const {
    const shard whole;
    const run_lock lock(work.table.named.oid, whole);
    co_return co_await try_lock(work.session, lock);
}

awaitable<void> job::adopt() {
    const auto session = co_await db::connection::open(context_.database, context_.helper, context_.sink);
    unit work(*session);
    if (!co_await begin_unit(work))
        throw lock_is_held();
    auto wanted = co_await claim(work);
    const auto ours = describe(wanted.owner);
    const auto before = co_await lease_.adopt(std::move(wanted));
    const auto text = before
                          ? fmt::format("the folder was handed over from {} to {}", describe(*before), ours)
                          : fmt::format("the folder belongs to {}", ours);
    context_.sink.info("folder.adopted", text,
                       {{"from", before ? describe(*before) : std::string()}, {"to", ours}});
    co_await tell_of_other_tables(work);
    co_await work.transaction->rollback();
}

// The folder changes hands, the marks of its files do not.
awaitable<void> job::tell_of_other_tables(unit& work) {
    const auto found = co_await context_.lake.contents();
    const auto ours = lake::table_in_mark(work.table.schema, work.table.relation);
    std::string other;
    std::uint64_t files = 0;
    std::uint64_t pending = 0;
    for (const auto& [key, file] : found.days) {
        const auto& mark = file.mark.mark;
        if (!mark || mark->table == ours)
            continue;
        other = mark->table;
        ++files;
        pending += lake::awaited(*mark) ? 1U : 0U;
    }
    if (files > 0)
        context_.sink.warn("folder.other_table",
                           "files are marked as those of another table: nothing is appended to them, and what"
                           " is pending among them is settled under that name only",
                           {{"table", other}, {"files", files}, {"files_pending", pending}});
}

// The transaction with the table described and both locks held: the table's against being rewritten, the
// run's against other runs. False, and no transaction, while another run is at work.
awaitable<bool> job::begin_unit(unit& work) {
    const auto& settings = context_.settings;
    auto& session = work.session;
    const auto named = co_await resolve_table(session, settings.table);
    const run_lock lock(named.oid, settings.shard);
    // Before anything that waits for the table: a run that takes partitions away holds it until its COMMIT.
    // Not in the transaction: a SELECT takes its snapshot, and that must come after the table's lock.
    if (!co_await try_lock(session, lock)) {
        co_await note_holder(session, lock);
        co_return false;
    }
    if (removes_partitions_) {
        auto found = co_await find_partitions(session, named);
        if (!found)
            co_return false;
        work.partitions = std::move(*found);
    }
    work.transaction = co_await db::transaction::begin(session, coordinator_options());
    co_await lock_against_rewriting(work, named);
    co_await lock_partitions(session, work.partitions);
    work.table = co_await describe_table(session, named, settings.time_column, settings.key_columns);
    if (!co_await try_lock(session, lock)) {
        co_await note_holder(session, lock);
        co_await work.transaction->rollback();
        co_return false;
    }
    work.position = co_await db::position_of(session);
    co_return true;
}

awaitable<void> job::lock_against_rewriting(unit& work, const named_table& named) const {
    bool timed_out = false;
    try {
        co_await lock_table(work.session, named);
    } catch (const db::error& failed) {
        if (failed.state() != lock_not_available)
            throw;
        timed_out = true;
    }
    if (!timed_out)
        co_return;
    co_await work.transaction->rollback();
    const auto others = co_await sessions_against(work.session, named);
    throw async::error(
        failure::temporary,
        fmt::format("table {} could not be locked against being rewritten within {} s{}{}", named.text(),
                    std::chrono::duration_cast<std::chrono::seconds>(context_.settings.settle_wait).count(),
                    others.empty() ? "" : ": it is locked, or waited for, by ", others),
        "CLUSTER, VACUUM FULL, pg_repack or ALTER TABLE is at work on it, or waits for somebody who reads "
        "it: see"
        " pg_locks. The next run tries again; ARCHIVE_SETTLE_WAIT is how long a run waits.");
}

awaitable<void> job::note_holder(db::connection& session, const run_lock& lock) {
    lock_holder_.clear();
    if (lock.shared)
        lock_holder_ = co_await db::holders_of(session, lock.shard_key);
    if (lock_holder_.empty())
        lock_holder_ = co_await db::holders_of(session, lock.table_key);
}

async::error job::lock_is_held() const {
    return {
        failure::locked,
        fmt::format("another run holds the lock on table {}{}{}", context_.settings.table,
                    lock_holder_.empty() ? "" : ": ", lock_holder_),
        "If that is no run of event-archiver, somebody else has taken its advisory lock: end that session."};
}

db::transaction_options job::coordinator_options() const {
    db::transaction_options options;
    options.lock_timeout = context_.settings.settle_wait;
    return options;
}

// In a transaction of its own: the one that locks them must not have looked at anything before. Nothing while
// another run is at work.
awaitable<std::optional<std::vector<partition>>> job::find_partitions(db::connection& session,
                                                                      named_table named) const {
    const auto& settings = context_.settings;
    auto options = coordinator_options();
    options.mode = db::access::read_only;
    auto looking = co_await db::transaction::begin(session, options);
    if (!co_await try_lock(session, run_lock(named.oid, settings.shard))) {
        co_await looking.rollback();
        co_return std::nullopt;
    }
    const auto table = co_await describe_table(session, named, settings.time_column, settings.key_columns);
    auto found = co_await partitions_before(session, table, cutoff_expression());
    co_await looking.rollback();
    co_return found;
}

awaitable<void> job::load_files(unit& work) {
    const async::span shown(context_.sink, "job", "list files");
    auto found = co_await context_.lake.contents();
    work.files = std::move(found.days);
    work.copies = std::move(found.copies);
    const auto pending = [](const auto& entry) {
        return entry.second.mark.mark && entry.second.mark.mark->pending;
    };
    context_.report.files_pending = static_cast<std::uint64_t>(std::ranges::count_if(work.files, pending));
    const auto& part = context_.settings.shard;
    const auto of_others = [&part](const auto& entry) {
        const auto count = static_cast<std::int64_t>(part.count);
        return (entry.first.which.number() % count + count) % count != part.index;
    };
    if (part.count > 1) {
        std::erase_if(work.files, of_others);
        std::erase_if(work.copies, of_others);
    }
}

awaitable<std::optional<attempt_result>> job::settle(unit& work) {
    const async::span shown(context_.sink, "job", "settle");
    if (!work.copies.empty())
        co_await lease_.ready_to_write();
    // First: what they leave may be pending.
    if (const auto finished = co_await finish_conversions(work); finished > 0) {
        context_.report.files_settled += finished;
        co_return attempt_result::settled;
    }
    if (context_.report.files_pending > 0)
        db::must_be_identified(work.position);
    const auto outcome = co_await settler_.settle(work.session, work.table, work.position, work.files);
    context_.report.files_settled += outcome.settled;
    if (outcome.waiting)
        co_return attempt_result::tail_waiting;
    if (outcome.settled > 0)
        co_return attempt_result::settled;
    co_return std::nullopt;
}

} // namespace archive
