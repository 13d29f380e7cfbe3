// Cleanup that survives cancellation. After a cancellation every co_await throws until the state is reset,
// even that of an awaitable which would reset it: so a coroutine that cleans up first awaits
// `ignoring_cancellation()`, in its own body.
//
// Asio keeps one cancellation state for a whole thread of coroutines: all that await each other, from the one
// that was spawned to the innermost. Each reset below therefore holds for the callers as well.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/this_coro.hpp>

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>

namespace async {

// co_await ignoring_cancellation(); from here on this coroutine, what it awaits and what awaits it cannot be
// cancelled, and a cancellation that has come is forgotten. These two may be awaited in a cancelled
// coroutine.
[[nodiscard]] inline auto ignoring_cancellation() {
    return asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
}
// co_await heeding_cancellation(); from here on it can be cancelled again. What came meanwhile is not
// replayed: ask the `stop_source`.
[[nodiscard]] inline auto heeding_cancellation() {
    return asio::this_coro::reset_cancellation_state(asio::enable_terminal_cancellation());
}

// Awaits `operation` to its end although a cancellation comes meanwhile; for a coroutine that has not been
// cancelled yet. Returns what the operation returns. A cancellation that came is due at the next co_await
// after it. A shield inside a shield adds nothing: the outer one holds for both. Within
// `ignoring_cancellation()` the end of a shield heeds cancellation again.
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
