// The handling of signals by a run: the first stops it in good order, within 10 s; a second ends it at once.
#pragma once

#include "async/deadline.hpp"
#include "async/log.hpp"
#include "async/stop.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <string_view>

namespace app {

// The time for rolling back and putting files back; the next run settles the rest.
inline constexpr std::chrono::milliseconds stop_patience{9'500};

// Ends the process if stopping takes too long, or at a second signal.
class stop_watchdog {
  public:
    // `log` must outlive it.
    stop_watchdog(const boost::asio::any_io_executor& executor, async::log& log);

    // For each signal: the first arms the watchdog, which ends the process after `patience`; the second ends
    // it at once. The exit code is that of the signal.
    void signalled(int number, std::chrono::milliseconds patience);
    // The run has ended: nothing is left to watch.
    void disarm() { timer_.cancel(); }
    // The time by which the process ends; never, unless signalled.
    [[nodiscard]] async::deadline deadline() const noexcept { return deadline_; }

  private:
    async::log& log_;
    boost::asio::steady_timer timer_;
    bool armed_ = false;
    async::deadline deadline_{};
};

class stop_guard {
  public:
    // Both must outlive the guard.
    stop_guard(const boost::asio::any_io_executor& executor, async::stop_source& stop, async::log& log)
        : stop_(stop)
        , log_(log)
        , watchdog_(executor, log) {}

    // `message` and `phase` are for the log.
    void stop(int number, std::string_view message, std::string_view phase);
    void disarm() { watchdog_.disarm(); }
    // For a stopped run, the time by which it must have ended. Never, unless stopped.
    [[nodiscard]] async::deadline deadline() const noexcept { return watchdog_.deadline(); }

  private:
    async::stop_source& stop_;
    async::log& log_;
    stop_watchdog watchdog_;
};

} // namespace app
