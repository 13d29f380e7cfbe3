#include "async/condition.hpp"

#include "async/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace async {

condition::condition(const asio::any_io_executor& executor)
    : never_(executor, asio::steady_timer::time_point::max()) {}

awaitable<void> condition::wait() {
    struct counted {
        std::size_t& count;
        explicit counted(std::size_t& waiters)
            : count(waiters) {
            ++count;
        }
        counted(const counted&) = delete;
        counted& operator=(const counted&) = delete;
        ~counted() { --count; }
    } const waiting(waiters_);

    // Both a notification and a cancellation end the wait with operation_aborted; only the former is counted.
    const auto before = notifications_;
    co_await never_.async_wait(asio::as_tuple(asio::use_awaitable));
    if (notifications_ == before)
        throw_cancelled();
}

void condition::notify_all() {
    ++notifications_;
    if (waiters_ > 0)
        never_.cancel();
}

} // namespace async
