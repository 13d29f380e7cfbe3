// How long a transaction waits for each lock of the server.
// Tested by tests/integration/test_failures.py.
#pragma once

#include <algorithm>
#include <chrono>

namespace db {

// For transaction_options, where 0 means no limit: a wait of 0 becomes 1 ms.
[[nodiscard]] constexpr std::chrono::milliseconds lock_timeout_of(std::chrono::milliseconds wait) noexcept {
    return std::max(wait, std::chrono::milliseconds(1));
}

} // namespace db
