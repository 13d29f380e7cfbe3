// The one retry loop. What may be repeated is a property of the error (`error::may_repeat`), set where the
// request is known; how long to wait is a pure function.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/error.hpp"
#include "async/log.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace async {

inline constexpr int tries_without_end = std::numeric_limits<int>::max();

struct retry_policy {
    int tries_max = 6;                           // the first try included, at least 1
    std::chrono::milliseconds pause_first{800};  // before the second try, doubled each time
    std::chrono::milliseconds pause_max{60'000}; // no pause is longer, unless the server asks for it
};

// Uniform in [0, 1). Injected, so that tests can fix it.
using random_source = std::function<double()>;
[[nodiscard]] random_source make_random_source();

// The pause after try number `failed_tries` (from 1): the server's wish if it named one, else exponential
// with a random factor in [0.5, 1).
[[nodiscard]] std::chrono::milliseconds
backoff(const retry_policy& policy, int failed_tries, double random,
        std::optional<std::chrono::milliseconds> server_wish) noexcept;

// Collects what went wrong over all tries, so that the last error names each distinct cause and how often.
class retry_history {
  public:
    void add(const error& failed);
    [[nodiscard]] int tries() const noexcept { return tries_; }
    // "gave up after 3 tries: connection reset; timed out (2 times)"
    [[nodiscard]] std::string summary() const;

  private:
    std::map<std::string, int> causes_; // the first few: tries without an end may have any number
    int others_ = 0;
    int tries_ = 0;
};

// The state that all retry loops share. `retries` counts repeats over the whole run.
struct retry_context {
    retry_policy policy;
    random_source random;
    async::log& log;
    std::uint64_t& retries;
};

// Records a failed try and decides: returns the pause before the next one, or rethrows the failure, with a
// summary of all tries, if it may not be repeated or tries or time are used up. A pause that would outlast
// `deadline` ends the tries.
[[nodiscard]] std::chrono::milliseconds next_pause(const retry_context& context, retry_history& history,
                                                   const std::exception_ptr& failed,
                                                   async::deadline deadline);

// Logs the failed try, counts the repeat, and sleeps the pause. `tries`: failed so far.
[[nodiscard]] awaitable<void> before_next_try(retry_context& context, std::string_view doing,
                                              std::exception_ptr failed, int tries,
                                              std::chrono::milliseconds backoff);

// Runs `attempt()` (which returns an awaitable) until it succeeds, fails for good, runs out of tries or of
// time. Cancellation is never retried. `attempt` and what `doing` points to must outlive the call.
template <typename Attempt>
[[nodiscard]] auto retry(retry_context& context, std::string_view doing, async::deadline deadline,
                         Attempt& attempt) -> decltype(attempt()) {
    retry_history history;
    for (;;) {
        std::exception_ptr failed;
        try {
            co_return co_await attempt();
        } catch (const error&) {
            failed = std::current_exception(); // a handler may not wait
        }
        const auto pause = next_pause(context, history, failed, deadline);
        co_await before_next_try(context, doing, failed, history.tries(), pause);
    }
}

} // namespace async
