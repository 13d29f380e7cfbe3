#include "archive/run/end_transaction.hpp"

#include "archive/run/run_lock.hpp"
#include "archive/run/transaction_opener.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/race.hpp"

namespace archive {

namespace {

// False while a run over the table, or over a shard of it, is at work.
awaitable<bool> is_alone(run_transaction& opened) {
    const shard whole;
    const run_lock lock(opened.table.named.oid, whole);
    co_return co_await try_lock(opened.session, lock);
}

// While nobody else can have the table's lock, nobody else works under the lease.
awaitable<void> let_go(const run_context& context, lake::folder_lease& lease, run_transaction& opened,
                       bool finished) {
    // A shard would have to take the table's lock from under its siblings: theirs lapses.
    if (finished && context.settings.shard.count == 1 && opened.session.usable()) {
        try {
            if (!opened.transaction->open())
                opened.transaction =
                    co_await db::transaction::begin(opened.session, coordinator_options(context.settings));
            const bool alone = co_await is_alone(opened);
            if (alone)
                co_await lease.release();
        } catch (const async::error& failed) {
            context.log.debug("lease.not_released", "the lake's lease was not released: it lapses by itself",
                              {{"error.message", failed.what()}});
            co_return; // what there was to do is done
        }
    }
    if (opened.transaction->open())
        co_await opened.transaction->rollback();
}

} // namespace

awaitable<void> leave(const run_context& context, lake::folder_lease& lease, run_transaction& opened,
                      bool finished) {
    const auto left = co_await async::caught(let_go(context, lease, opened, finished));
    // What there was to do is done: where a stop comes now, the lease lapses and the connection is closed.
    if (left && !async::is_cancellation(left))
        std::rethrow_exception(left);
}

awaitable<void> roll_back_by(const run_context& context, run_transaction& opened, async::deadline deadline) {
    std::exception_ptr failed;
    try {
        if (opened.transaction->open() && opened.session.usable())
            co_await async::with_deadline(opened.transaction->rollback(), deadline, "ROLLBACK");
    } catch (const async::error&) {
        failed = std::current_exception(); // the server rolls back by itself once the connection is gone
    }
    if (failed)
        context.log.warn("rollback.failed", "the connection was lost before ROLLBACK was answered",
                         {{"error.message", async::describe(failed)}});
}

} // namespace archive
