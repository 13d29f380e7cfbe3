#include "async/retry.hpp"

#include "async/pause.hpp"

#include <algorithm>
#include <cstddef>
#include <memory>
#include <random>
#include <span>
#include <vector>

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
    constexpr std::size_t causes_max = 8;
    ++tries_;
    if (causes_.size() < causes_max || causes_.contains(failed.message()))
        ++causes_[failed.message()];
    else
        ++others_;
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
    if (others_ > 0)
        text += "; other errors (" + std::to_string(others_) + " times)";
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
    const auto why = describe(failed);
    std::vector<log_field> fields{{"what", doing}, {"error.message", why}, {"try", tries}};
    if (context.policy.tries_max != tries_without_end)
        fields.emplace_back("tries_max", context.policy.tries_max);
    fields.emplace_back("pause_ms", backoff.count());
    context.log.warn("retry", "a try failed, trying again", std::span<const log_field>(fields));
    co_await pause(backoff);
}

} // namespace async
