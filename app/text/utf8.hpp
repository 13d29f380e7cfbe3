// Text from outside (names of blobs, messages of servers, arguments) need not be UTF-8; JSON must be.
#pragma once

#include <string>
#include <string_view>

namespace app {

// `text` with U+FFFD in place of each byte that is not part of well-formed UTF-8 (Unicode, table 3-7).
[[nodiscard]] std::string valid_utf8(std::string_view text);
// A string as JSON writes it, quotes included; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string json_quoted(std::string_view text);

} // namespace app
