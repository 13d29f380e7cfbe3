// Calls that block (name resolution inside libpq, PQcancel, files) run on a helper thread, never on the loop.
#pragma once

#include "async/asio.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace async {

class helper_thread {
  public:
    enum class order : std::uint8_t {
        one_at_a_time, // calls on files, whose order matters
        side_by_side,  // no call waits for another: calls to other machines, which may never end, or syncs
    };

    explicit helper_thread(order calls = order::one_at_a_time);
    ~helper_thread(); // waits for all calls in progress
    helper_thread(const helper_thread&) = delete;
    helper_thread& operator=(const helper_thread&) = delete;

    // Runs `call` on the helper thread and returns when it has ended; rethrows what it throws. If the
    // awaiting coroutine is cancelled first, this returns at once and `call` ends unobserved: so `call` owns
    // what it touches. It then does not keep the loop running.
    [[nodiscard]] awaitable<void> run(std::function<void()> call);

    // Runs `call`, which must not throw, and nothing waits for its end but the destructor.
    void leave(std::function<void()> call);

    // How many calls go on although nothing waits for them any more: the destructor would.
    [[nodiscard]] std::size_t lingering() const noexcept;

  private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

} // namespace async
