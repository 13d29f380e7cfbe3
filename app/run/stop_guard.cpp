#include "app/run/stop_guard.hpp"

#include "app/cli/exit_code.hpp"

#include <cstdlib>

namespace app {

namespace {

// Neither cleans up nor waits for threads: they may hang, which is why this exists.
[[noreturn]] void end_process(int signal_number) { std::_Exit(exit_code::signal_base + signal_number); }

} // namespace

stop_watchdog::stop_watchdog(const boost::asio::any_io_executor& executor, async::log& log)
    : log_(log)
    , timer_(executor) {}

void stop_watchdog::signalled(int number, std::chrono::milliseconds patience) {
    if (armed_) {
        log_.error("run.abandoned",
                   "ended at once by a second signal, perhaps after COMMIT was sent: leave all files as they"
                   " are, the next run recovers what is left",
                   {{"exit_code", exit_code::signal_base + number}});
        end_process(number);
    }
    armed_ = true;
    deadline_ = async::deadline::after(patience);
    timer_.expires_at(deadline_.at());
    timer_.async_wait([this, number](const boost::system::error_code& failed) {
        if (failed)
            return;
        log_.error("run.abandoned", "could not finish stopping in time: the next run recovers what is left",
                   {{"exit_code", exit_code::signal_base + number}});
        end_process(number);
    });
}

void stop_guard::stop(int number, std::string_view message, std::string_view phase) {
    watchdog_.signalled(number, stop_patience);
    log_.warn("run.stopping", message, {{"signal", number}, {"phase", phase}});
    stop_.request(number);
}

} // namespace app
