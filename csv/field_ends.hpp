// Where the fields of a row lie, for code that needs few of them from many rows: no field is copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace csv {

// The number of fields of a row that row_scanner has handed over, with or without its newline. `ends` gets
// the offsets of the ends of as many of them as it has room for.
std::size_t find_field_ends(std::string_view row, std::span<std::size_t> ends) noexcept;

// Field number `position` as it stands in the row, quotes included; `ends` must reach that far.
[[nodiscard]] std::string_view raw_field(std::string_view row, std::span<const std::size_t> ends,
                                         std::size_t position) noexcept;
// Its text: a view into `raw`, or into `storage` if quotes had to be undoubled.
[[nodiscard]] std::string_view unquoted(std::string_view raw, std::string& storage);

} // namespace csv
