// The common parts of the routes of all APIs.
#pragma once

#include "async/log.hpp"
#include "http/server/router.hpp"

#include <string_view>

namespace app {

// {"status": word}
[[nodiscard]] http::response ok(std::string_view word = "Ok");

// Awaits `handler`; logs an error of ours and turns it into an answer. All must outlive it.
[[nodiscard]] async::awaitable<http::response> guarded(const http::handler& handler, http::request& asked,
                                                       async::log& log);

} // namespace app
