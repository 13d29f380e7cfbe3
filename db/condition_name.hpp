// The English name of an SQLSTATE, whatever language the server speaks.
// Tested by tests/unit/db/error_test.cpp.
#pragma once

#include <string_view>

namespace db {

// "unique_violation" for 23505; "error" for one that PostgreSQL does not document.
[[nodiscard]] std::string_view condition_name(std::string_view state) noexcept;

// The SQLSTATE itself if PostgreSQL documents it, else that of its class, else that of a RAISE: a function of
// a database may put five characters of a row there.
[[nodiscard]] std::string_view known_state(std::string_view state) noexcept;

} // namespace db
