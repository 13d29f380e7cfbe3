// What stops a projection until a person resumes it.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "async/error.hpp"
#include "async/log.hpp"
#include "events/projection/position_row.hpp"

#include <exception>
#include <optional>

namespace events {

// nullopt if `failed` is something else, a cancellation too.
[[nodiscard]] std::optional<async::error> error_in(const std::exception_ptr& failed);

// Failures that only a person can put right.
[[nodiscard]] bool stops_projection(const async::error& said);

void log_stop(async::log& log, const async::error& why, const position_key& where, position at);

} // namespace events
