#pragma once

#include "async/cleanup.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace async {

template <typename T>
awaitable<T> shielded(awaitable<T> operation) {
    co_await ignoring_cancellation();
    std::exception_ptr failed;
    if constexpr (std::is_void_v<T>) {
        try {
            co_await std::move(operation);
        } catch (...) {
            failed = std::current_exception();
        }
        co_await heeding_cancellation();
        if (failed)
            std::rethrow_exception(failed);
    } else {
        std::optional<T> value;
        try {
            value.emplace(co_await std::move(operation));
        } catch (...) {
            failed = std::current_exception();
        }
        co_await heeding_cancellation();
        if (failed)
            std::rethrow_exception(failed);
        co_return std::move(*value);
    }
}

} // namespace async
