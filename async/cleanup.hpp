// Cleanup that survives cancellation. After a cancellation every further co_await throws until the state is
// reset; these two are the only places that reset it.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>

namespace async {

// Awaits `operation` to its end although the caller has been, or is being, cancelled. Afterwards the caller
// can be cancelled again; a cancellation that came meanwhile is not replayed (ask the `stop_source`).
template <typename T>
[[nodiscard]] awaitable<T> shielded(awaitable<T> operation);

// Awaits `body`; if it throws or is cancelled, awaits `teardown(exception)` shielded, for at most `patience`,
// and rethrows the first error. A teardown that fails is handed to `on_teardown_failure` and otherwise
// ignored: the first error is the one that counts.
[[nodiscard]] awaitable<void> with_cleanup(awaitable<void> body, std::function<awaitable<void>()> teardown,
                                           deadline::clock::duration patience,
                                           std::function<void(std::exception_ptr)> on_teardown_failure);

} // namespace async

#include "async/impl/shielded.hpp"
