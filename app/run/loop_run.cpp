#include "app/run/loop_run.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>

#include <utility>

namespace app {

std::exception_ptr run_loop(boost::asio::io_context& loop, async::awaitable<void> work,
                            boost::asio::cancellation_slot cancelled_by, loop_hooks hooks) {
    async::signal_watch signals(loop.get_executor(), std::move(hooks.on_stop), std::move(hooks.on_progress));
    std::exception_ptr ended;
    boost::asio::co_spawn(loop, std::move(work),
                          boost::asio::bind_cancellation_slot(cancelled_by, [&](std::exception_ptr failed) {
                              ended = std::move(failed);
                              signals.close();
                              hooks.at_end();
                          }));
    loop.run();
    return ended;
}

work_end run_stoppable(boost::asio::io_context& loop, async::awaitable<void> work, async::stop_source& stop,
                       stop_guard& guard, loop_hooks hooks) {
    hooks.at_end = [&guard, release = std::move(hooks.at_end)] {
        guard.disarm();
        release();
    };
    work_end end;
    end.failed = run_loop(loop, std::move(work), stop.slot(), std::move(hooks));
    end.stopped_by = stop.signal_number();
    end.leave_by = guard.deadline();
    return end;
}

} // namespace app
