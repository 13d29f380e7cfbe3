// Waiting for time to pass.
// Tested by tests/unit/async/retry_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "async/deadline.hpp"

namespace async {

// Resumes when `span` has passed. Cancellation ends it at once.
[[nodiscard]] awaitable<void> pause(deadline::clock::duration span);

} // namespace async
