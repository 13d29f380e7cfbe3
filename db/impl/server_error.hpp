// Errors out of what libpq says.
#pragma once

#include "db/error.hpp"
#include "db/impl/libpq.hpp"

#include <string>
#include <string_view>

namespace db {

// An error with what the server said, or libpq in its place if the result did not come from the server.
[[nodiscard]] error error_of(const PGresult* failed, bool connection_usable);
// What libpq says about the connection itself: it is lost, or out of step for want of memory.
[[nodiscard]] error broken_connection(const PGconn* handle);

// libpq's text on one line.
[[nodiscard]] std::string one_line(std::string_view text);
// The message of a data exception (class 22) without the value that it quotes; others as they are.
[[nodiscard]] std::string without_values(std::string_view state, std::string message);

} // namespace db
