#include "exports/transaction/task_opener.hpp"

#include "db/lock_timeout.hpp"
#include "db/session_names.hpp"
#include "lake/lease/leave_folder.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace exports {

namespace {

// Of the advisory lock that all exports of a database share while they need the folder's lease.
constexpr std::string_view exports_key = "event-archiver/exports";

// False if another run of the task has it.
awaitable<bool> take_task_lock(task_transaction& opened) {
    const auto key = fmt::format("event-archiver/export/{}", opened.task());
    const auto locked = co_await opened.session.query("SELECT pg_catalog.pg_try_advisory_xact_lock("
                                                      "pg_catalog.hashtextextended($1::pg_catalog.text, "
                                                      "0::pg_catalog.int8))",
                                                      key);
    const bool ours = locked.boolean(0, 0);
    if (!ours)
        opened.report.lock_holder = co_await db::holders_of(opened.session, key);
    co_return ours;
}

// Tasks run at the same time: all hold the lease together, and the last of them on this server releases it.
// False if another server's run has it, or if a run of ours is releasing it.
awaitable<bool> take_task_lease(const export_context& context, task_transaction& opened) {
    auto* const lease = context.sink.lease();
    if (lease == nullptr)
        co_return true;
    const std::string key(exports_key);
    const auto shared = co_await opened.session.query("SELECT pg_catalog.pg_try_advisory_xact_lock_shared("
                                                      "pg_catalog.hashtextextended($1::pg_catalog.text, "
                                                      "0::pg_catalog.int8))",
                                                      key);
    if (!shared.boolean(0, 0))
        co_return false;
    auto claim = co_await lake::claim_of(opened.session, opened.position, "exports");
    co_return co_await lease->take(std::move(claim));
}

awaitable<task_opening> take_both(const export_context& context, task_transaction& opened) {
    const bool ours = co_await take_task_lock(opened);
    if (!ours)
        co_return task_opening::lock_busy;
    opened.position = co_await db::position_of(opened.session);
    db::must_be_identified(opened.position);
    const bool leased = co_await take_task_lease(context, opened);
    co_return leased ? task_opening::open : task_opening::lease_busy;
}

} // namespace

awaitable<task_opening> open_task(const export_context& context, task_transaction& opened) {
    db::transaction_options options;
    options.runs = db::statements::users;
    options.lock_timeout = db::lock_timeout_of(context.settings.settle_wait);
    opened.transaction = co_await db::transaction::begin(opened.session, options);
    const auto found = co_await take_both(context, opened);
    if (found != task_opening::open)
        co_await opened.transaction->rollback();
    co_return found;
}

awaitable<void> leave_task(const export_context& context, task_transaction& opened) {
    lake::departure leaving{context.sink.lease(),
                            opened.session,
                            opened.transaction,
                            {},
                            [&opened] { return exclude_exports(opened.session); },
                            context.log};
    co_await lake::leave_folder(std::move(leaving));
}

awaitable<bool> exclude_exports(db::connection& session) {
    const std::string key(exports_key);
    const auto locked = co_await session.query("SELECT pg_catalog.pg_try_advisory_xact_lock("
                                               "pg_catalog.hashtextextended($1::pg_catalog.text, "
                                               "0::pg_catalog.int8))",
                                               key);
    co_return locked.boolean(0, 0);
}

awaitable<async::error> exports_at_work(db::connection& session) {
    const auto holders = co_await db::holders_of(session, std::string(exports_key));
    co_return async::error(
        async::failure::locked,
        fmt::format("an export to the folder is at work{}{}", holders.empty() ? "" : ": ", holders),
        "Say it again once it has ended.");
}

async::error lock_is_held(const task_report& report) {
    const auto& holder = report.lock_holder;
    return {async::failure::locked,
            fmt::format("another run of task '{}' is at work{}{}", report.task, holder.empty() ? "" : ": ",
                        holder),
            "If that is not a run of event-archiver, somebody else has taken its advisory lock: end that "
            "session."};
}

} // namespace exports
