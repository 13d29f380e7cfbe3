// The words of an SQL text, as PostgreSQL's lexer tells them apart as far as it matters here: what stands in
// comments, quotes or parentheses is not taken for a keyword.
//
// Ours because only words are needed; libpg_query brings PostgreSQL's whole parser, and Debian 12
// does not have it. Replace it when a question needs the tree.
// Tested by tests/unit/exports/task/select_shape_test.cpp.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace db {

struct sql_word {
    enum class kind : unsigned char { word, quoted, symbol };
    kind category = kind::word;
    std::string text;      // a word in capitals, the content of quotes, or one character
    std::size_t depth = 0; // of parentheses around it; of a parenthesis itself, outside
    std::size_t line = 1;
    // Where it stands in the text, quotes included; a byte order mark counts.
    std::size_t begin = 0;
    std::size_t end = 0;

    [[nodiscard]] bool is(std::string_view word) const { return category == kind::word && text == word; }
    [[nodiscard]] bool is_symbol(char which) const {
        return category == kind::symbol && text.size() == 1 && text.front() == which;
    }
};

struct sql_words {
    std::vector<sql_word> words;
    std::vector<std::string> notes; // of comments `-- event-archiver: NOTE`, to the end of the line
    std::string mistake;            // "line 3: a comment without its end"; or empty
};

// The byte order mark that editors put in front of UTF-8. The server would take it for a part of the first
// word.
inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

[[nodiscard]] sql_words words_of(std::string_view sql);
// The words of the one statement in `sql`, or a mistake.
[[nodiscard]] sql_words single_statement(std::string_view sql);
// The word as it is written, short and printable.
[[nodiscard]] std::string shown(const sql_word& word);

} // namespace db
