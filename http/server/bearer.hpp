// The one secret a client may have to show (RFC 6750).
// Tested by tests/integration/test_serve.py.
#pragma once

#include <string_view>

namespace http {

// Takes as long for a token that is nearly right as for one that is all wrong.
[[nodiscard]] bool equal_in_constant_time(std::string_view one, std::string_view other) noexcept;

// Whether an Authorization header is "Bearer <token>".
[[nodiscard]] bool bears(std::string_view authorization, std::string_view token) noexcept;

} // namespace http
