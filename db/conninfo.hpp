// What a connection string says, for people and for settings. Pure functions on libpq's parser.
// Tested by tests/unit/db/conninfo_test.cpp.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace db {

// A conninfo that libpq cannot parse: what is wrong with it, without the password; nullopt if it is fine.
[[nodiscard]] std::optional<std::string> conninfo_mistake(const std::string& conninfo);
// Host, port, database and user for logs and `config`; never the password.
[[nodiscard]] std::string describe_conninfo(const std::string& conninfo);
// A value in quotes, as it stands behind `keyword=` (PostgreSQL documentation, 34.1.1.1).
[[nodiscard]] std::string conninfo_value(std::string_view text);

} // namespace db
