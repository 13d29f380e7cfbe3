// Encodings, of databases and of files, in which two texts may be one in the other, so that a row that was
// written to a file comes back as another one.
// Tested by tests/integration/test_encodings.py and tests/integration/test_export_select.py.
#pragma once

#include "db/connection.hpp"

#include <string>
#include <string_view>

namespace db {

// The database's encoding if it is one of those, else empty.
[[nodiscard]] awaitable<std::string> lossy_encoding(connection& session);

// A condition: the row, an alias in its statement, has a text that is another one after it was converted to
// `encoding`, a name that PostgreSQL knows, and back. Pure.
[[nodiscard]] std::string comes_back_otherwise(std::string_view row, std::string_view encoding = "UTF8");

// What to do about these rows. `rows`: of which they are, for SELECT * FROM …. Pure.
[[nodiscard]] std::string usual_codes_hint(std::string_view rows);

} // namespace db
