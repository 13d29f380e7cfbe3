// A connection for the length of a coroutine.
// Tested by tests/unit/db/abandon_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "async/helper_thread.hpp"
#include "async/log.hpp"
#include "db/connection.hpp"

#include <chrono>
#include <functional>

namespace db {

using async::awaitable;

// For the answer to COMMIT: longer than any replica needs to confirm it.
inline constexpr std::chrono::seconds commit_patience{120};

struct database_access {
    const connect_options& options;
    async::helper_thread& helper;
    async::log& log;
};

// Opens a session, awaits `body`, and closes it. If `body` fails or is cancelled, what the server is doing
// for it is cancelled there too. `body` is kept alive until then.
[[nodiscard]] awaitable<void> with_session(database_access database,
                                           std::function<awaitable<void>(connection&)> body);

} // namespace db
