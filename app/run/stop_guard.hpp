// What a signal does to a run: the first stops it in good order, within 10 s; a second ends it at once.
#pragma once

#include "async/deadline.hpp"
#include "async/log.hpp"
#include "async/stop.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <string_view>

namespace app {

class stop_guard {
  public:
    // Both must outlive the guard.
    stop_guard(const boost::asio::any_io_executor& executor, async::stop_source& stop, async::log& sink);

    // `message` and `phase` are for the log.
    void stop(int number, std::string_view message, std::string_view phase);
    // The run has ended: nothing is left to watch.
    void disarm() { watchdog_.cancel(); }
    // Of a stopped run: until when it must have ended. Never, unless stopped.
    [[nodiscard]] async::deadline by() const noexcept { return by_; }

  private:
    async::stop_source& stop_;
    async::log& sink_;
    boost::asio::steady_timer watchdog_;
    async::deadline by_{};
};

} // namespace app
