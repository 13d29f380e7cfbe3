// Lets one coroutine of a thread at a time into a section of code that awaits.
#pragma once

#include "async/asio.hpp"
#include "async/condition.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <utility>

namespace async {

class mutex {
  public:
    // Held until it is destroyed. The mutex must outlive it.
    class guard {
      public:
        guard(guard&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)) {}
        guard& operator=(guard&&) = delete;
        ~guard();

      private:
        friend class mutex;
        explicit guard(mutex& owner) noexcept;
        mutex* owner_;
    };

    explicit mutex(const asio::any_io_executor& executor)
        : released_(executor) {}

    // Waits until no other coroutine holds it. Waiters may get it in any order. Throws when the waiter is
    // cancelled.
    [[nodiscard]] awaitable<guard> lock();

  private:
    condition released_;
    bool held_ = false;
};

} // namespace async
