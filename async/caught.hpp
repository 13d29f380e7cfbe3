// What an operation throws, as a value: a handler may not await, and code that goes on after a failure reads
// better as an `if`. A coroutine that has been cancelled already cannot await these: it throws as at any
// co_await, and code that must run all the same awaits `ignoring_cancellation()` first.
// Tested by tests/unit/async/asio_facts_test.cpp and tests/unit/async/task_group_test.cpp.
#pragma once

#include "async/asio.hpp"

#include <exception>
#include <optional>
#include <utility>

namespace async {

// What `operation` throws, a cancellation included; null if it ends well.
[[nodiscard]] awaitable<std::exception_ptr> caught(awaitable<void> operation);

// The async::error that `operation` throws; null if it ends well. Anything else passes, a cancellation too.
[[nodiscard]] awaitable<std::exception_ptr> caught_error(awaitable<void> operation);

// Exactly one of the two is set.
template <typename T>
struct outcome {
    std::optional<T> value;
    std::exception_ptr failed;
};

// What `operation` returns, or what it throws, a cancellation included.
template <typename T>
[[nodiscard]] awaitable<outcome<T>> outcome_of(awaitable<T> operation) {
    outcome<T> result;
    try {
        result.value.emplace(co_await std::move(operation));
    } catch (...) {
        result.failed = std::current_exception();
    }
    co_return result;
}

} // namespace async
