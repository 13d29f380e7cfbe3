// Dates as HTTP writes them: "Mon, 06 Oct 2025 08:49:37 GMT" (RFC 9110, IMF-fixdate).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace http {

[[nodiscard]] std::string format_http_date(std::chrono::sys_seconds at);
[[nodiscard]] std::optional<std::chrono::sys_seconds> parse_http_date(std::string_view text) noexcept;

} // namespace http
