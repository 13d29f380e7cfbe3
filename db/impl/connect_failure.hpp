// Why a connection could not be opened, out of the text that is all libpq 15 has for that.
#pragma once

#include "db/error.hpp"

#include <string_view>

namespace db {

// `text`: PQerrorMessage of a connection that failed, with PQERRORS_VERBOSE. That makes libpq write the
// server's SQLSTATE, which no language setting of the server translates; the English texts decide where it is
// missing, and for PgBouncer, which gives most of its refusals the same one.
[[nodiscard]] error connect_failure(std::string_view text);

} // namespace db
