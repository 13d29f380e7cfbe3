// Text from outside (names of blobs, messages of servers) made safe for a terminal: it may hold sequences
// that clear the screen, set its title, or type.
#pragma once

#include <string>
#include <string_view>

namespace app {

// One line of well-formed UTF-8, with a space for each control character, those above U+007F included.
[[nodiscard]] std::string printable(std::string_view text);
// The same, but line breaks stay.
[[nodiscard]] std::string printable_lines(std::string_view text);

} // namespace app
