// How long a transaction waits for each lock of the server.
// Tested by tests/integration/test_failures.py.
#pragma once

#include <algorithm>
#include <chrono>

namespace db {

// As transaction_options take it: there 0 is a wait without end, and here it is none.
[[nodiscard]] constexpr std::chrono::milliseconds lock_timeout_of(std::chrono::milliseconds wait) noexcept {
    return std::max(wait, std::chrono::milliseconds(1));
}

} // namespace db
