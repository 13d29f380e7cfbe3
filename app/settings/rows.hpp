// Properties of a row of settings besides its texts: secret(row), url(row).
// Tested by tests/unit/app/settings/options_test.cpp.
#pragma once

#include "app/settings/options.hpp"

namespace app::rows {

// Given without a value it is true.
[[nodiscard]] constexpr option flag(option row) noexcept {
    row.kind = option_kind::flag;
    return row;
}
[[nodiscard]] constexpr option secret(option row) noexcept {
    row.secrecy = secrecy::secret;
    return row;
}
[[nodiscard]] constexpr option database(option row) noexcept {
    row.secrecy = secrecy::database;
    return row;
}
[[nodiscard]] constexpr option url(option row) noexcept {
    row.secrecy = secrecy::url;
    return row;
}
// `alias`: the variable's other name.
[[nodiscard]] constexpr option also(std::string_view alias, option row) noexcept {
    row.alias = alias;
    return row;
}
[[nodiscard]] constexpr option short_flag(std::string_view name, option row) noexcept {
    row.short_flag = name;
    return row;
}
[[nodiscard]] constexpr option of_exports(option row) noexcept {
    row.audience = audience::exports;
    return row;
}
[[nodiscard]] constexpr option of_serving(option row) noexcept {
    row.audience = audience::serving;
    return row;
}

} // namespace app::rows
