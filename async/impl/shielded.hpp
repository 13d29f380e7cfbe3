// Tested by tests/unit/async/cleanup_test.cpp.
#pragma once

#include "async/caught.hpp"
#include "async/cleanup.hpp"

#include <memory>

namespace async {

namespace detail {

// Returns what ends the shield, or null where one is up already: the outer one holds for both.
[[nodiscard]] awaitable<std::shared_ptr<bool>> raise_shield();
[[nodiscard]] awaitable<void> lower_shield(std::shared_ptr<bool> raised);

} // namespace detail

template <typename T>
awaitable<T> shielded(awaitable<T> operation) {
    auto raised = co_await detail::raise_shield();
    if constexpr (std::is_void_v<T>) {
        const auto failed = co_await caught(std::move(operation));
        co_await detail::lower_shield(std::move(raised));
        if (failed)
            std::rethrow_exception(failed);
    } else {
        auto result = co_await outcome_of(std::move(operation));
        co_await detail::lower_shield(std::move(raised));
        if (result.failed)
            std::rethrow_exception(result.failed);
        co_return std::move(*result.value);
    }
}

} // namespace async
