// What bytes PostgreSQL takes for text.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace csv {

// Where the first byte is that cannot stand in a text of PostgreSQL's: a zero byte, or one that begins no
// whole character of UTF-8. Nothing if all is text.
[[nodiscard]] std::optional<std::size_t> find_no_text(std::string_view bytes) noexcept;

} // namespace csv
