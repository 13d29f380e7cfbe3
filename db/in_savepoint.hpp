// The one way to try statements of which an error is no end of the transaction.
// Tested by tests/unit/db/in_transaction_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "db/error.hpp"

#include <cstdint>
#include <optional>

namespace db {

// What becomes of the changes of statements that succeed.
enum class tried : std::uint8_t { kept, undone };

// Awaits `statements` in a transaction, and returns the server's error if there is one: what they did is
// undone then, and the transaction goes on. Throws db::error if the session is lost.
[[nodiscard]] awaitable<std::optional<error>> in_savepoint(connection& session, awaitable<void> statements,
                                                           tried changes = tried::kept);

} // namespace db
