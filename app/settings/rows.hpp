// Properties of a row of settings besides its texts: secret(row), one_of(words, row).
// Tested by tests/unit/app/settings/options_test.cpp.
#pragma once

#include "app/settings/options.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <utility>

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
// It accepts one of these words.
[[nodiscard]] constexpr option one_of(std::span<const std::string_view> words, option row) noexcept {
    row.words = words;
    return row;
}
// It accepts these words, or others, separated by commas.
[[nodiscard]] constexpr option list_of(std::span<const std::string_view> words, option row) noexcept {
    row.words = words;
    row.several = true;
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

// The words of a table of choices.
template <typename Value, std::size_t Count>
[[nodiscard]] constexpr std::array<std::string_view, Count>
words_of(const std::array<std::pair<std::string_view, Value>, Count>& choices) noexcept {
    std::array<std::string_view, Count> words;
    for (std::size_t at = 0; at < Count; ++at)
        words[at] = choices[at].first;
    return words;
}

} // namespace app::rows
