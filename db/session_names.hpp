// Other sessions of the server, in words.
// Tested by tests/fault/test_others_at_work.py.
#pragma once

#include "db/connection.hpp"

#include <string>

namespace db {

// Rows of pid, user and application, as "pid 4711 (user cron, application psql)", one after another; each pid
// once. A field that the server hides is left out.
[[nodiscard]] std::string describe_sessions(const result& found);

// "pid 4711 (user archiver, application event-archiver)"; empty if the lock is free again. `key`: of an
// advisory lock, as text.
[[nodiscard]] awaitable<std::string> holders_of(connection& session, const std::string& key);

} // namespace db
