// The one primitive that bounds a wait.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"
#include "async/error.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <string_view>
#include <type_traits>

namespace async {

// The error for a wait that took too long: temporary, named after what was awaited ("reply", "connect").
[[nodiscard]] error timed_out(std::string_view waiting_for);

// Awaits `operation` until `deadline`. An error of the operation passes at once; an outer cancellation
// reaches it and passes; when the deadline comes first the operation is cancelled, awaited, and
// `timed_out(waiting_for)` thrown. An operation that finishes in the same instant counts as finished. Costs a
// spawn unless `deadline` is never, so it belongs around requests, not around each read.
template <typename T>
[[nodiscard]] awaitable<T> with_deadline(awaitable<T> operation, async::deadline deadline,
                                         std::string_view waiting_for) {
    namespace experimental = asio::experimental;
    if (deadline.never())
        co_return co_await std::move(operation);

    const auto executor = co_await asio::this_coro::executor;
    asio::steady_timer timer(executor, deadline.at());
    // A parallel group and not the `||` of awaitables: that one drops an error which comes before the timer.
    auto group = experimental::make_parallel_group(
        asio::co_spawn(executor, std::move(operation), asio::deferred), timer.async_wait(asio::deferred));
    if constexpr (std::is_void_v<T>) {
        auto [order, failed, expired] =
            co_await group.async_wait(experimental::wait_for_one(), asio::use_awaitable);
        if (!failed)
            co_return;
        if (order[0] == 1 && !expired && is_cancellation(failed))
            throw timed_out(waiting_for);
        std::rethrow_exception(failed);
    } else {
        auto [order, failed, value, expired] =
            co_await group.async_wait(experimental::wait_for_one(), asio::use_awaitable);
        if (!failed)
            co_return std::move(value);
        if (order[0] == 1 && !expired && is_cancellation(failed))
            throw timed_out(waiting_for);
        std::rethrow_exception(failed);
    }
}

} // namespace async
