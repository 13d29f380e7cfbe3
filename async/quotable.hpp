// Which invalid values a message may repeat. A value in the wrong variable, or behind the wrong flag, may be
// a key, a token or a connection string. This is the one rule for all rooms.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace async {

// Short, and of characters that names, numbers and periods have. False for what holds = ? & % or //, or @ or
// : within a word, as connection strings, URLs, signatures and most passwords do.
[[nodiscard]] bool may_quote(std::string_view text, std::size_t longest = 30) noexcept;

// "'text'", or "what was given" where it may not be repeated.
[[nodiscard]] std::string quoted(std::string_view text);

} // namespace async
