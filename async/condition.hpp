// Lets coroutines of one thread wait until something they can check has changed.
#pragma once

#include "async/asio.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace async {

// Like a condition variable: after `wait` returns, check again. Throws when the waiter is cancelled.
class condition {
  public:
    explicit condition(const asio::any_io_executor& executor);

    [[nodiscard]] awaitable<void> wait();
    void notify_all();
    [[nodiscard]] std::size_t waiters() const noexcept { return waiters_; }

  private:
    asio::steady_timer never_;
    std::size_t waiters_ = 0;
    std::size_t notifications_ = 0;
};

} // namespace async
