#include "csv/field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

namespace csv {

namespace {

[[noreturn]] void fail(std::string_view reason, std::size_t offset) {
    throw std::invalid_argument(fmt::format("{}, at byte {} of the row", reason, offset));
}

// For the byte at `end`, which should end a field.
void check_end(std::string_view row, std::size_t end, std::string_view otherwise) {
    if (end == row.size() || row[end] == ',' || row[end] == '\n')
        return;
    if (row[end] != '\r')
        fail(otherwise, end);
    fail(row.substr(end + 1, 1) == "\n" ? crlf_line_end : bare_carriage_return, end);
}

field read_quoted(std::string_view row, std::size_t begin) {
    field result;
    for (auto from = begin + 1;;) {
        const auto quote = row.find('"', from);
        if (quote == std::string_view::npos)
            fail(unterminated_quote, begin);
        if (row.substr(quote + 1, 1) != "\"") {
            result.text = row.substr(begin + 1, quote - begin - 1);
            result.end = quote + 1;
            return result;
        }
        result.has_doubled_quotes = true;
        from = quote + 2;
    }
}

} // namespace

field read_field(std::string_view row, std::size_t begin) {
    if (row.substr(begin, 1) == "\"") {
        auto result = read_quoted(row, begin);
        check_end(row, result.end, text_after_quote);
        return result;
    }
    const auto end = std::min(row.find_first_of(",\n\r\"", begin), row.size());
    check_end(row, end, quote_in_unquoted);
    return {row.substr(begin, end - begin), false, end};
}

std::string undoubled(const field& from) {
    std::string result;
    result.reserve(from.text.size());
    for (std::size_t i = 0; i < from.text.size(); ++i) {
        result.push_back(from.text[i]);
        if (from.has_doubled_quotes && from.text[i] == '"')
            ++i;
    }
    return result;
}

} // namespace csv
