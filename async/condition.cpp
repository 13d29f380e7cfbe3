#include "async/condition.hpp"

#include "async/error.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>
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

    // Both a notification and a cancellation end the wait with operation_aborted; only the latter marks the
    // state.
    co_await never_.async_wait(asio::as_tuple(asio::use_awaitable));
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
        throw_cancelled();
}

void condition::notify_all() {
    if (waiters_ > 0)
        never_.cancel();
}

} // namespace async
