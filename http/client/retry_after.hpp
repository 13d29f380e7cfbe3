// The pause that a server asks for, in all the ways it has for that.
// Tested by tests/unit/azure/blob/error_test.cpp.
#pragma once

#include "http/client/session_pool.hpp"

#include <chrono>
#include <optional>

namespace http {

// x-ms-retry-after-ms, retry-after-ms, or Retry-After in seconds or as a date; at most an hour. `now` is this
// machine's clock.
[[nodiscard]] std::optional<std::chrono::milliseconds> retry_after(const wire_response& answer,
                                                                   std::chrono::system_clock::time_point now);

} // namespace http
