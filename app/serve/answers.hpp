// What the routes of all APIs have in common.
#pragma once

#include "async/log.hpp"
#include "http/server/router.hpp"

#include <string_view>

namespace app {

// {"status": word}
[[nodiscard]] http::response ok(std::string_view word = "Ok");

// What `handler` answers; an error of ours is logged and becomes an answer. All must outlive it.
[[nodiscard]] async::awaitable<http::response> guarded(const http::handler& handler, http::request& asked,
                                                       async::log& log);

} // namespace app
