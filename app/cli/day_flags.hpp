// The days that a command was asked for by --day, or by --from and --to. Pure.
// Tested by tests/unit/app/cli/restore_flags_test.cpp.
#pragma once

#include "lake/day_range.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace app {

struct day_flags {
    std::string from; // each empty if it was not given
    std::string to;
    std::string day;
};

// What would be right in place of a text that is no day.
[[nodiscard]] std::string_view clause_for_no_day(std::string_view text) noexcept;

// The days, or a clause that says what was given, what is wrong and what would be right. At least one flag is
// needed; `command` is for that clause.
[[nodiscard]] std::variant<lake::day_range, std::string> read_days_asked(std::string_view command,
                                                                         const day_flags& given);

} // namespace app
