#include "async/retry.hpp"

#include "async/pause.hpp"

#include <algorithm>
#include <memory>
#include <random>

namespace async {

using std::chrono::milliseconds;

random_source make_random_source() {
    auto engine = std::make_shared<std::mt19937_64>(std::random_device{}());
    return [engine] { return std::uniform_real_distribution<double>(0.0, 1.0)(*engine); };
}

milliseconds backoff(const retry_policy& policy, int failed_tries, double random,
                     std::optional<milliseconds> server_wish) noexcept {
    if (server_wish)
        return *server_wish;
    auto pause = policy.pause_first;
    for (int doubled = 1; doubled < failed_tries && pause < policy.pause_max; ++doubled)
        pause *= 2;
    pause = std::min(pause, policy.pause_max);
    return milliseconds(
        static_cast<milliseconds::rep>(static_cast<double>(pause.count()) * (0.5 + random / 2)));
}

void retry_history::add(const error& failed) {
    ++tries_;
    ++causes_[failed.message()];
}

std::string retry_history::summary() const {
    std::string text = "gave up after " + std::to_string(tries_) + " tries: ";
    bool first = true;
    for (const auto& [cause, times] : causes_) {
        if (!first)
            text += "; ";
        first = false;
        text += cause;
        if (times > 1)
            text += " (" + std::to_string(times) + " times)";
    }
    return text;
}

milliseconds next_pause(const retry_context& context, retry_history& history,
                        const std::exception_ptr& failed, async::deadline deadline) {
    try {
        std::rethrow_exception(failed);
    } catch (error& caught) {
        history.add(caught);
        const auto pause = backoff(context.policy, history.tries(), context.random(), caught.retry_after());
        if (caught.may_repeat() && history.tries() < context.policy.tries_max && pause < deadline.left())
            return pause;
        if (history.tries() > 1)
            caught.set_message(history.summary());
        throw;
    }
}

awaitable<void> before_next_try(retry_context& context, std::string_view doing, std::exception_ptr failed,
                                int tries, milliseconds backoff) {
    ++context.retries;
    context.log.warn("retry", "a try failed, trying again",
                     {{"what", doing},
                      {"error.message", describe(failed)},
                      {"try", tries},
                      {"tries_max", context.policy.tries_max},
                      {"pause_ms", backoff.count()}});
    co_await pause(backoff);
}

} // namespace async
