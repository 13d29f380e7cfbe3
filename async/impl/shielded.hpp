// Tested by tests/unit/async/cleanup_test.cpp.
#pragma once

#include "async/caught.hpp"
#include "async/cleanup.hpp"

namespace async {

template <typename T>
awaitable<T> shielded(awaitable<T> operation) {
    co_await ignoring_cancellation();
    if constexpr (std::is_void_v<T>) {
        const auto failed = co_await caught(std::move(operation));
        co_await heeding_cancellation();
        if (failed)
            std::rethrow_exception(failed);
    } else {
        auto result = co_await outcome_of(std::move(operation));
        co_await heeding_cancellation();
        if (result.failed)
            std::rethrow_exception(result.failed);
        co_return std::move(*result.value);
    }
}

} // namespace async
