// Calls that block (name resolution inside libpq, PQcancel) run on a helper thread, never on the loop.
#pragma once

#include "async/asio.hpp"

#include <functional>
#include <memory>

namespace async {

class helper_thread {
  public:
    helper_thread();
    ~helper_thread(); // waits for the call in progress
    helper_thread(const helper_thread&) = delete;
    helper_thread& operator=(const helper_thread&) = delete;

    // Runs `call` on the helper thread and returns when it has ended; rethrows what it throws. If the
    // awaiting coroutine is cancelled first, this returns at once and `call` ends unobserved: so `call` owns
    // what it touches.
    [[nodiscard]] awaitable<void> run(std::function<void()> call);

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace async
