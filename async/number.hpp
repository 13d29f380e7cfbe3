// Whole numbers as protocols and files have them, whatever the locale.
// Tested by tests/unit/async/number_test.cpp.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string_view>
#include <system_error>

namespace async {

// The number that the whole text is; nullopt for any other text, and for one that does not fit. Only a signed
// number may have a `-` before its digits.
template <std::integral Number>
[[nodiscard]] std::optional<Number> number_from(std::string_view text, int base = 10) noexcept {
    Number number{};
    const auto* const end = text.data() + text.size();
    const auto [stop, failed] = std::from_chars(text.data(), end, number, base);
    return failed == std::errc() && stop == end ? std::optional(number) : std::nullopt;
}

} // namespace async
