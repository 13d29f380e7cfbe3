// Checks whether a text can be a value of a type of PostgreSQL, as far as possible without asking the server.
// Tested by tests/unit/events/queries/parameter_check_test.cpp.
#pragma once

#include <cstdint>
#include <string_view>

namespace events {

// `type`: an OID of pg_type.dat. A clause that says what is wrong: "must be a UUID"; empty if nothing is, or
// if only the server can tell.
[[nodiscard]] std::string_view parameter_mistake(std::uint32_t type, std::string_view text) noexcept;
// True if a text without such a mistake is a value of the type for the server too.
[[nodiscard]] bool is_wholly_checked(std::uint32_t type) noexcept;

} // namespace events
