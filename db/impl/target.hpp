// Whether the server and the database that a connection string names can exist. libpq splits a URI at the
// first '@' and the first '/', so a password with one of them inside, not percent-encoded, is taken for a
// host, a port or a database, and then shown and looked up by name.
// Tested by tests/unit/db/conninfo_test.cpp.
#pragma once

#include "db/impl/conninfo.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace db {

// `given`: what libpq made of `conninfo`. The mistake quotes nothing.
[[nodiscard]] std::optional<std::string> target_mistake(const settings& given, std::string_view conninfo);

} // namespace db
