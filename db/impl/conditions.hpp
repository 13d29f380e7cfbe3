// PostgreSQL's table of SQLSTATEs and their names.
// Tested by tests/unit/db/error_test.cpp.
#pragma once

#include <span>
#include <string_view>

namespace db {

struct condition {
    std::string_view state; // "23505"
    std::string_view name;  // "unique_violation"
};

// In the order of the states.
[[nodiscard]] std::span<const condition> conditions() noexcept;

} // namespace db
