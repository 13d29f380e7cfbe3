// Whether a text can be a value of a type of PostgreSQL, as far as that can be told without asking it.
// Tested by tests/unit/events/queries/parameter_check_test.cpp.
#pragma once

#include <cstdint>
#include <string_view>

namespace events {

// `type`: an OID of pg_type.dat. What is wrong, as a clause: "must be a UUID"; empty: nothing, or only the
// server can tell.
[[nodiscard]] std::string_view parameter_mistake(std::uint32_t type, std::string_view text) noexcept;

} // namespace events
