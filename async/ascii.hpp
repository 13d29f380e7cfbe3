// ASCII text as protocols and settings have it, whatever the locale.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace async {

[[nodiscard]] std::string lowercase(std::string_view text);
[[nodiscard]] std::string uppercase(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view one, std::string_view other) noexcept;
// Without the white space around it.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;
// The parts between the separators, empty ones too: one more than separators. Views of `text`.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

} // namespace async
