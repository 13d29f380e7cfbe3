#pragma once

#include "async/cleanup.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace async {

template <typename T>
awaitable<T> shielded(awaitable<T> operation) {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    std::exception_ptr failed;
    if constexpr (std::is_void_v<T>) {
        try {
            co_await std::move(operation);
        } catch (...) {
            failed = std::current_exception();
        }
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
        if (failed)
            std::rethrow_exception(failed);
    } else {
        std::optional<T> value;
        try {
            value.emplace(co_await std::move(operation));
        } catch (...) {
            failed = std::current_exception();
        }
        co_await asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
        if (failed)
            std::rethrow_exception(failed);
        co_return std::move(*value);
    }
}

} // namespace async
