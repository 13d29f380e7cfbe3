// Other sessions of the server, in words.
#pragma once

#include "db/result.hpp"

#include <string>

namespace archive {

// Rows of pid, user and application, as "pid 4711 (user cron, application psql)", one after another; each pid
// once. A field that the server hides is left out.
[[nodiscard]] std::string describe_sessions(const db::result& found);

} // namespace archive
