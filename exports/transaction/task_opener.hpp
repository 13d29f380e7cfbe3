// How the transaction of a task begins and ends: the task's lock, and the lease of the place.
// Tested by tests/fault/test_lease.py and tests/integration/test_exports.py.
#pragma once

#include "async/asio.hpp"
#include "async/error.hpp"
#include "exports/transaction/export_context.hpp"
#include "exports/transaction/task_transaction.hpp"

#include <cstdint>

namespace exports {

enum class task_opening : std::uint8_t {
    open,
    lock_busy,  // another run of the task is at work
    lease_busy, // a run of another server holds the lease of the place
};

// Begins the transaction, and takes the lock and the lease without waiting: the wait would be inside the
// snapshot. Unless they are free, the transaction is rolled back.
[[nodiscard]] awaitable<task_opening> open_task(const export_context& context, task_transaction& opened);
// Releases the lease if no other run on this server needs it. Rolls back what is open.
[[nodiscard]] awaitable<void> leave_task(const export_context& context, task_transaction& opened);

// Excludes all exports of this database until the transaction ends. False if one is at work.
[[nodiscard]] awaitable<bool> exclude_exports(db::connection& session);
// After that: async::error(locked), with what is known of the other run.
[[nodiscard]] awaitable<async::error> exports_at_work(db::connection& session);

// The error for a lock that is busy: async::error(locked), with what the report says of its holder.
[[nodiscard]] async::error lock_is_held(const task_report& report);

} // namespace exports
