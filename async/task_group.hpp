// Structured concurrency: the function that starts tasks awaits them all, and the first failure cancels the
// siblings.
#pragma once

#include "async/asio.hpp"

#include <cstddef>
#include <functional>
#include <vector>

namespace async {

// Runs all tasks at once. At the first failure (or an outer cancellation) the others are cancelled; all are
// awaited; then the first failure is rethrown, in preference to the cancellations it caused.
[[nodiscard]] awaitable<void> run_all(std::vector<awaitable<void>> tasks);

// Calls `task(i)` for each i below `count` in order, at most `width` (at least one) in flight, with the
// promises of `run_all`. `task` is kept alive until all have ended.
[[nodiscard]] awaitable<void> for_each_bounded(std::size_t count, std::size_t width,
                                               std::function<awaitable<void>(std::size_t)> task);

} // namespace async
