#include "archive/run/end_transaction.hpp"

#include "archive/run/run_lock.hpp"
#include "archive/run/transaction_opener.hpp"
#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "lake/lease/leave_folder.hpp"

#include <utility>

namespace archive {

namespace {

// False while a run over the table, or over a shard of it, is at work.
awaitable<bool> is_alone(run_transaction& opened) {
    const shard whole;
    const run_lock lock(opened.table.named.oid, whole);
    co_return co_await try_lock(opened.session, lock);
}

} // namespace

awaitable<void> leave(const run_context& context, lake::folder_lease& lease, run_transaction& opened,
                      attempts_left left) {
    // A shard cannot take the table's lock while other shards run: its lease expires.
    const bool releases = left == attempts_left::none && context.settings.shard.count == 1;
    lake::departure leaving{releases ? &lease : nullptr,
                            opened.session,
                            opened.transaction,
                            coordinator_options(context.settings),
                            [&opened] { return is_alone(opened); },
                            context.log};
    co_await lake::leave_folder(std::move(leaving));
}

awaitable<void> roll_back_by(const run_context& context, run_transaction& opened, async::deadline deadline) {
    if (!opened.transaction->open() || !opened.session.usable())
        co_return;
    const auto failed = co_await async::caught_error(
        async::with_deadline(opened.transaction->rollback(), deadline, "ROLLBACK"));
    if (failed) // the server rolls back by itself once the connection is gone
        context.log.warn("rollback.failed", "the connection was lost before ROLLBACK was answered",
                         {{"error.message", async::describe(failed)}});
}

} // namespace archive
