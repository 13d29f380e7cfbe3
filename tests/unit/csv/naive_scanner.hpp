// The dialect's rows, one byte at a time and as plainly as can be said: what row_scanner is measured against.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace csv {

struct scan_outcome {
    std::vector<std::string> rows;
    std::string mistake; // empty if the input is of the dialect

    friend bool operator==(const scan_outcome&, const scan_outcome&) = default;
};

inline scan_outcome naive_scan(std::string_view input, bool crlf_allowed = false) {
    enum class state { field_start, unquoted, quoted, after_quote };
    scan_outcome outcome;
    std::string row;
    auto at = state::field_start;
    const auto mistake = [&](std::string_view what, std::size_t offset) {
        outcome.mistake = std::string(what) + ", in row " + std::to_string(outcome.rows.size() + 1) +
                          ", at byte " + std::to_string(offset);
        return outcome;
    };

    for (std::size_t i = 0; i < input.size(); ++i) {
        const char c = input[i];
        row += c;
        if (at == state::quoted) {
            if (c == '"')
                at = state::after_quote;
        } else if (c == '"' && at != state::unquoted) {
            at = state::quoted; // opens a field, or is the second of a doubled quote
        } else if (c == '"') {
            return mistake("a quote inside an unquoted field", i);
        } else if (c == '\r' && crlf_allowed && input.substr(i + 1, 1) == "\n") {
            continue;
        } else if (c == '\r' && crlf_allowed) {
            return mistake("a carriage return outside quotes", i);
        } else if (c == '\r') {
            return mistake(input.substr(i + 1, 1) == "\n"
                               ? "a line that ends in CRLF where COPY ends it in LF"
                               : "a carriage return outside quotes",
                           i);
        } else if (c == '\n') {
            outcome.rows.push_back(row);
            row.clear();
            at = state::field_start;
        } else if (c == ',') {
            at = state::field_start;
        } else if (at == state::after_quote) {
            return mistake("something other than a comma or a newline after a closing quote", i);
        } else {
            at = state::unquoted;
        }
    }
    if (at == state::quoted)
        return mistake("the end of the input inside quotes", input.size());
    if (!row.empty())
        outcome.rows.push_back(row);
    return outcome;
}

} // namespace csv
