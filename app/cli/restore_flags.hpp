// What `restore` was asked for: pure, from its flags to a request.
#pragma once

#include "app/cli/day_flags.hpp"
#include "archive/run/restore/restore.hpp"

#include <string>
#include <variant>

namespace app {

struct restore_flags {
    day_flags days;
    std::string into;
    std::string hold; // empty: the default
};

inline constexpr std::string_view default_hold = "30d";

// The request, or a clause that says what was given, what is wrong and what would be right.
[[nodiscard]] std::variant<archive::restore_request, std::string> read_restore(const restore_flags& given);

} // namespace app
