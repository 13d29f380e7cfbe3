// What a connection string says, and what is added to it.
#pragma once

#include "db/connection.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace db {

struct setting {
    std::string keyword;
    std::string value;
};
using settings = std::vector<setting>;

// The settings that `conninfo` names. Throws db::error(usage) if it cannot be parsed.
[[nodiscard]] settings settings_given(const std::string& conninfo);
// Those and what we want: keepalives unless given, UTF-8 in any case.
[[nodiscard]] settings settings_for_libpq(const connect_options& options);
// libpq's connect_timeout or PGCONNECT_TIMEOUT, which its nonblocking calls leave to the caller, before our
// own.
[[nodiscard]] std::chrono::seconds connect_timeout_of(const connect_options& options);

// libpq's complaint about a connection string without what it quotes from it.
[[nodiscard]] std::string without_secrets(std::string_view complaint, std::string_view conninfo);

} // namespace db
