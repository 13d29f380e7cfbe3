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

// Why `actual`, the first line of a file, is not the header `expected`; empty if it is. Names the difference
// a person would look for: a byte order mark, CRLF, other columns, other order.
[[nodiscard]] std::string header_mistake(std::string_view actual, std::string_view expected);

} // namespace csv
