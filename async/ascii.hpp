// ASCII text as protocols and settings have it, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace async {

[[nodiscard]] std::string lowercase(std::string_view text);
[[nodiscard]] std::string uppercase(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view one, std::string_view other) noexcept;
// Without the white space around it.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

} // namespace async
