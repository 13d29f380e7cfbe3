#include "app/run/stop_guard.hpp"

#include "app/cli/exit_code.hpp"

#include <cstdlib>

namespace app {

namespace {

// A stopped run has 10 s; what is not put back by then is settled by the next run.
constexpr std::chrono::milliseconds stop_patience{9'500};

} // namespace

stop_guard::stop_guard(const boost::asio::any_io_executor& executor, async::stop_source& stop,
                       async::log& sink)
    : stop_(stop)
    , sink_(sink)
    , watchdog_(executor) {}

void stop_guard::stop(int number, std::string_view message, std::string_view phase) {
    if (stop_.requested())
        std::_Exit(exit_code::signal_base + number);
    sink_.warn("run.stopping", message, {{"signal", number}, {"phase", phase}});
    by_ = async::deadline::after(stop_patience);
    watchdog_.expires_at(by_.at());
    watchdog_.async_wait([this, number](const boost::system::error_code& failed) {
        if (failed)
            return;
        sink_.error("run.abandoned", "could not finish stopping in time: the next run settles what is left",
                    {{"exit_code", exit_code::signal_base + number}});
        std::_Exit(exit_code::signal_base + number);
    });
    stop_.request(number);
}

} // namespace app
