// The loop around the transactions of a run: a transaction is tried again after a conflict, and while a lock,
// a lease or a transaction of somebody else is in the way. Every command that changes a table uses it.
#pragma once

#include "async/asio.hpp"
#include "async/error.hpp"
#include "async/stop.hpp"

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>

namespace lake {

using async::awaitable;

class folder_lease;

// The result of one attempt, unless it threw.
enum class attempt_result : std::uint8_t {
    finished,     // nothing (more) is due
    part_done,    // a transaction is done, or its day is left out; more may be due
    settled,      // files were settled or converted: everything is to be looked at again
    lock_busy,    // another run holds the lock
    lease_busy,   // a run of another server holds the folder's lease
    tail_waiting, // a file depends on a transaction in progress
};

// The parts of the loop that the command provides.
struct attempt_steps {
    // One attempt, on a connection of its own.
    std::function<awaitable<attempt_result>()> attempt;
    // Logs that the run begins again, after its `times`th conflict in a row.
    std::function<void(const std::exception_ptr& conflict, int times)> tell_again;
    // The errors to throw once the waiting time is over: for lock_busy and for tail_waiting.
    std::function<async::error()> lock_is_held;
    std::function<async::error()> tail_is_open;
};

// Both references must outlive the loop.
struct attempt_limits {
    folder_lease* lease; // renewed meanwhile; null: the files are in no folder that is leased
    async::stop_source& stop;
    std::chrono::milliseconds lock_wait;   // for a lock; for a lease no less than `lease_patience`
    std::chrono::milliseconds settle_wait; // for a transaction that a file depends on
};

// Awaits attempts until one is finished. Rethrows what an attempt threw, unless it may be made again; after
// `conflicts_max` conflicts in a row it rethrows the last. Throws operation_aborted once a stop is requested,
// but rethrows async::error(integrity). Once patience with others has run out, which begins again with each
// transaction that is done, throws the error that `steps` gives, or async::error(locked) if the lease is
// held.
[[nodiscard]] awaitable<void> repeat_attempts(attempt_limits limits, attempt_steps steps);

} // namespace lake
