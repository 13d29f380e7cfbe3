// ASCII text as protocols and settings have it, whatever the locale.
#pragma once

#include <string>
#include <string_view>

namespace http {

[[nodiscard]] std::string lowercase(std::string_view text);
// Without the white space around it.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

} // namespace http
