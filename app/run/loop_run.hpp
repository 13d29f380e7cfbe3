// Runs one coroutine on a loop of its own.
#pragma once

#include "app/run/run_frame.hpp"
#include "app/run/stop_guard.hpp"
#include "async/asio.hpp"
#include "async/stop.hpp"

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>

#include <exception>
#include <functional>

namespace app {

// All are called on the loop.
struct loop_hooks {
    std::function<void(int)> on_stop;     // SIGTERM or SIGINT, with its number; called each time
    std::function<void()> on_progress;    // SIGUSR1
    std::function<void()> at_end = [] {}; // the work has ended: closes what would keep the loop busy
};

// Runs `work`, which `cancelled_by` cancels, until it and the loop have ended. Returns what it threw, or
// null.
[[nodiscard]] std::exception_ptr run_loop(boost::asio::io_context& loop, async::awaitable<void> work,
                                          boost::asio::cancellation_slot cancelled_by, loop_hooks hooks);

// The same for the work of a command, which `stop` cancels; `guard` is disarmed at its end.
[[nodiscard]] work_end run_stoppable(boost::asio::io_context& loop, async::awaitable<void> work,
                                     async::stop_source& stop, stop_guard& guard, loop_hooks hooks);

} // namespace app
