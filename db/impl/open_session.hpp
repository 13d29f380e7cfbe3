// The way from a connection string to a session.
// Tested by tests/unit/db/connect_test.cpp.
#pragma once

#include "db/connection.hpp"
#include "db/impl/libpq_session.hpp"

#include <memory>

namespace db {

[[nodiscard]] awaitable<std::shared_ptr<libpq_session>>
open_session(connect_options options, async::helper_thread& helper, async::log& log);

} // namespace db
