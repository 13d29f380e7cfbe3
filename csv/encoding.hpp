// Which bytes PostgreSQL accepts as text: the one decoder of UTF-8.
//
// Ours because ICU is 30 MB for this one table, and Boost has no validator that says where. Replace it when
// Boost.Text or C++ has one.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace csv {

// The size of the well-formed UTF-8 character at the front, NUL included; 0 if it is malformed.
[[nodiscard]] std::size_t character_size(std::string_view bytes) noexcept;

// The offset of the first byte that PostgreSQL does not accept in a text: a zero byte, or one that begins no
// whole character of UTF-8. nullopt if there is no such byte.
[[nodiscard]] std::optional<std::size_t> find_no_text(std::string_view bytes) noexcept;

} // namespace csv
