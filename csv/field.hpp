// One field where it stands in its row. Private to this room.
// Tested by tests/unit/csv/dialect_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace csv {

// What is wrong, in the same words wherever it is noticed.
inline constexpr std::string_view quote_in_unquoted = "a quote inside an unquoted field";
inline constexpr std::string_view text_after_quote =
    "something other than a comma or a newline after a closing quote";
inline constexpr std::string_view crlf_line_end = "a line that ends in CRLF where COPY ends it in LF";
inline constexpr std::string_view bare_carriage_return = "a carriage return outside quotes";
inline constexpr std::string_view unterminated_quote = "a quoted field without its closing quote";

struct field {
    std::string_view text; // without the enclosing quotes, doubled quotes as they are
    bool has_doubled_quotes = false;
    std::size_t end = 0; // of the comma or newline after it, or of the row's end
};

// The field that begins at byte `begin` of `row`. Throws std::invalid_argument.
[[nodiscard]] field read_field(std::string_view row, std::size_t begin);
// With each two quotes made one.
[[nodiscard]] std::string undoubled(const field& from);

} // namespace csv
