// The one dialect of our files: what PostgreSQL's COPY … (FORMAT csv) writes with its defaults. Comma, double
// quotes doubled inside, \n line ends; NULL is empty and unquoted, the empty string is "".
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace csv {

// The header line COPY writes for these column names, with its newline.
[[nodiscard]] std::string header_line(const std::vector<std::string>& columns);

// The fields of one row (with or without its newline), unquoted. Throws std::invalid_argument with what is
// wrong if the row is not of the dialect.
[[nodiscard]] std::vector<std::string> split_row(std::string_view row);

// The row with quotes around only those fields that COPY quotes. Without its newline, before and after.
// Throws std::invalid_argument as `split_row`.
[[nodiscard]] std::string as_copy_quotes(std::string_view row);

// UTF-8's, which some programs write in front of a file.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
// The first line of a file without it, if it has one.
[[nodiscard]] constexpr std::string_view without_byte_order_mark(std::string_view line) noexcept {
    return line.starts_with(byte_order_mark) ? line.substr(byte_order_mark.size()) : line;
}

// Why `actual`, the first line of a file, is not the header `expected`; empty if it is. Names the difference
// a person would look for: CRLF, other columns, other order. A byte order mark in front is no mistake: COPY
// skips it with the header.
[[nodiscard]] std::string header_mistake(std::string_view actual, std::string_view expected);

} // namespace csv
