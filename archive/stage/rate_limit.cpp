#include "archive/stage/rate_limit.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace archive {

async::awaitable<void> rate_limit::spend(std::uint64_t bytes) {
    if (!rate_)
        co_return;
    using clock = std::chrono::steady_clock;
    const auto now = clock::now();
    const std::chrono::duration<double> price(static_cast<double>(bytes) / static_cast<double>(*rate_));
    paid_until_ = std::max(paid_until_, now) + std::chrono::duration_cast<clock::duration>(price);
    // Short waits are added up: sleeping for each row would cost more than the row.
    if (paid_until_ - now < std::chrono::milliseconds(10))
        co_return;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, paid_until_);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

} // namespace archive
