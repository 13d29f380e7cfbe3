// Text within a URL.
// Tested by tests/unit/azure/blob/request_test.cpp.
#pragma once

#include <string>
#include <string_view>

namespace azure {

// A letter, a digit, or one of -._~ (RFC 3986).
[[nodiscard]] bool is_unreserved(char c);
// Everything but unreserved characters (and '/' in a path) percent-encoded.
[[nodiscard]] std::string encode_path(std::string_view path);
[[nodiscard]] std::string encode_query_value(std::string_view value);

} // namespace azure
