// Base64 with padding (RFC 4648, section 4), strict: no line breaks, no other alphabet.
// Tested by tests/unit/azure/auth/account_test.cpp.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace http {

[[nodiscard]] std::string base64_encode(std::span<const unsigned char> bytes);
[[nodiscard]] std::optional<std::vector<unsigned char>> base64_decode(std::string_view text);
// How many bytes the text stands for; nullopt if it is not base64.
[[nodiscard]] std::optional<std::size_t> base64_decoded_size(std::string_view text) noexcept;

} // namespace http
