// Leaving a session in the middle of a statement.
#pragma once

#include "db/impl/libpq_session.hpp"

#include <memory>

namespace db {

// Has the server stop what it is doing for the session, reads the rest of its answer, and rolls back. Throws
// db::error.
[[nodiscard]] awaitable<void> wind_down(std::shared_ptr<libpq_session> session);

} // namespace db
