#include "archive/run/transaction_opener.hpp"

#include "async/error.hpp"
#include "db/error.hpp"
#include "db/in_transaction.hpp"
#include "db/lock_timeout.hpp"
#include "db/session_names.hpp"

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>

namespace archive {

using async::failure;

namespace {

awaitable<void> lock_against_rewriting(const settings& limits, run_transaction& opened, named_table named) {
    bool timed_out = false;
    try {
        co_await lock_table(opened.session, named);
    } catch (const db::error& failed) {
        if (failed.state() != lock_not_available)
            throw;
        timed_out = true;
    }
    if (!timed_out)
        co_return;
    co_await opened.transaction->rollback();
    const auto others = co_await sessions_against(opened.session, named);
    throw async::error(
        failure::temporary,
        fmt::format("table {} could not be locked against being rewritten within {} s{}{}", named.text(),
                    std::chrono::duration_cast<std::chrono::seconds>(limits.settle_wait).count(),
                    others.empty() ? "" : ": it is locked, or waited for, by ", others),
        "CLUSTER, VACUUM FULL, pg_repack or ALTER TABLE is at work on it, or waits for a session that reads "
        "it: see"
        " pg_locks. The next run tries again; ARCHIVE_SETTLE_WAIT is how long a run waits.");
}

// nullopt while another run is at work.
awaitable<std::optional<std::vector<partition>>>
find_partitions(const settings& limits, db::connection& session, named_table named, std::string cutoff) {
    const bool locked = co_await try_lock(session, run_lock(named.oid, limits.shard));
    if (!locked)
        co_return std::nullopt;
    const auto table = co_await describe_table(session, named, limits.time_column, limits.key_columns);
    co_return co_await partitions_before(session, table, cutoff);
}

} // namespace

db::transaction_options coordinator_options(const settings& limits) {
    db::transaction_options options;
    options.lock_timeout = db::lock_timeout_of(limits.settle_wait);
    return options;
}

awaitable<bool> transaction_opener::open(run_transaction& opened) {
    const auto& settings = context_.settings;
    auto& session = opened.session;
    const auto named = co_await resolve_table(session, settings.table);
    const run_lock lock(named.oid, settings.shard);
    // Before anything that waits for the table: a run that takes partitions away holds it until its COMMIT.
    // Outside of the transaction: a SELECT takes the snapshot, which must come after the table's lock.
    if (!co_await try_lock(session, lock)) {
        co_await note_holder(session, lock);
        co_return false;
    }
    if (removed_before_) {
        // In a transaction of its own: the one that locks the partitions must not have read anything before.
        auto options = coordinator_options(settings);
        options.mode = db::access::read_only;
        auto found = co_await db::read_in_transaction(
            session, options, find_partitions(settings, session, named, removed_before_()));
        if (!found)
            co_return false;
        opened.partitions = std::move(*found);
    }
    opened.transaction = co_await db::transaction::begin(session, coordinator_options(settings));
    co_await lock_against_rewriting(settings, opened, named);
    co_await lock_partitions(session, opened.partitions);
    std::vector<std::uint32_t> locked;
    for (const auto& each : opened.partitions)
        locked.push_back(each.oid);
    co_await must_have_locked(session, named, std::move(locked));
    opened.table = co_await describe_table(session, named, settings.time_column, settings.key_columns);
    if (!co_await try_lock(session, lock)) {
        co_await note_holder(session, lock);
        co_await opened.transaction->rollback();
        co_return false;
    }
    opened.position = co_await db::position_of(session);
    co_return true;
}

awaitable<void> transaction_opener::note_holder(db::connection& session, const run_lock& lock) {
    lock_holder_.clear();
    if (lock.shared)
        lock_holder_ = co_await db::holders_of(session, lock.shard_key);
    if (lock_holder_.empty())
        lock_holder_ = co_await db::holders_of(session, lock.table_key);
}

async::error transaction_opener::lock_is_held() const {
    return {failure::locked,
            fmt::format("another run holds the lock on table {}{}{}", context_.settings.table,
                        lock_holder_.empty() ? "" : ": ", lock_holder_),
            "Wait until that run has ended. If the session is not one of event-archiver, another program has "
            "taken the advisory lock: SELECT pg_terminate_backend(pid) ends the session."};
}

awaitable<lake::lease_claim> claim_of(run_transaction& opened) {
    return lake::claim_of(opened.session, opened.position, opened.table.named.in_mark());
}

} // namespace archive
