// Work that several callers want for the same name at the same time: it is done once, and each of them gets
// its outcome. One name does not wait for another one.
// Tested by tests/unit/app/serve/intake/shared_attempts_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "async/condition.hpp"

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace app {

class shared_attempts {
  public:
    // At most `at_a_time` are at work. Another one waits for its turn, and throws async::timed_out after
    // `patience`.
    shared_attempts(const async::asio::any_io_executor& executor, std::size_t at_a_time,
                    std::chrono::milliseconds patience);

    // Does `work`, or waits until another caller has done it for `name`. Throws what the work throws. If that
    // caller is cancelled, a caller that waits does the work.
    [[nodiscard]] async::awaitable<void> join(std::string name, std::function<async::awaitable<void>()> work);

  private:
    struct attempt;
    class leader;
    class turn;
    [[nodiscard]] async::awaitable<void> lead(std::string name, std::function<async::awaitable<void>()> work);
    [[nodiscard]] async::awaitable<void> wait_for_turn();

    async::asio::any_io_executor executor_;
    std::size_t at_a_time_;
    std::chrono::milliseconds patience_;
    std::size_t at_work_ = 0;
    async::condition freed_;
    std::map<std::string, std::shared_ptr<attempt>> under_way_;
};

} // namespace app
