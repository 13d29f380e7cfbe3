#include "exports/task/select_shape.hpp"

#include "async/ascii.hpp"
#include "db/sql/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace exports {

using db::sql_word;

namespace {

constexpr std::string_view copy_expected = "COPY (...) TO STDOUT WITH CSV HEADER is expected";

struct copy_options {
    bool csv = false;
    bool header = false;
    bool usual_dialect = true;
    std::string encoding;
};

bool says_no(const sql_word& value) {
    const auto text = async::uppercase(value.text);
    return text == "FALSE" || text == "OFF" || text == "0";
}

// CSV HEADER DELIMITER ',' …, the spelling before PostgreSQL 9.0.
copy_options read_plain(std::span<const sql_word> words) {
    copy_options found;
    for (const auto& each : words) {
        if (each.depth > 0)
            continue;
        found.csv |= each.is("CSV");
        found.header |= each.is("HEADER");
        if (each.is("DELIMITER") || each.is("DELIMITERS") || each.is("QUOTE") || each.is("ESCAPE"))
            found.usual_dialect = false;
    }
    // A column of FORCE QUOTE may have this name too.
    const auto encoding = std::ranges::adjacent_find(words, [](const auto& one, const auto& two) {
        return one.is("ENCODING") && two.category == sql_word::kind::quoted;
    });
    if (encoding != words.end())
        found.encoding = (encoding + 1)->text;
    // FORCE QUOTE says which columns are quoted, not how.
    const auto force = std::ranges::adjacent_find(
        words, [](const auto& one, const auto& two) { return one.is("FORCE") && two.is("QUOTE"); });
    const auto quotes = std::ranges::count_if(words, [](const auto& each) { return each.is("QUOTE"); });
    const bool others = std::ranges::any_of(words, [](const auto& each) {
        return each.is("DELIMITER") || each.is("DELIMITERS") || each.is("ESCAPE");
    });
    if (force != words.end() && quotes == 1 && !others)
        found.usual_dialect = true;
    return found;
}

// (FORMAT csv, HEADER, DELIMITER ',' …): names at depth `depth`, each perhaps with a value behind it.
copy_options read_list(std::span<const sql_word> words, std::size_t depth) {
    copy_options found;
    bool name_expected = true;
    for (std::size_t at = 0; at < words.size(); ++at) {
        const auto& each = words[at];
        if (each.depth != depth)
            continue;
        if (each.is_symbol(',') || !name_expected) {
            name_expected = each.is_symbol(',');
            continue;
        }
        name_expected = false;
        const auto* const value =
            at + 1 < words.size() && words[at + 1].depth == depth ? &words[at + 1] : nullptr;
        if (each.is("FORMAT"))
            found.csv = value != nullptr && (value->is("CSV") || value->text == "csv");
        else if (each.is("HEADER"))
            found.header = value == nullptr || !says_no(*value);
        else if (each.is("DELIMITER") || each.is("QUOTE") || each.is("ESCAPE"))
            found.usual_dialect = false;
        else if (each.is("ENCODING") && value != nullptr)
            found.encoding = value->text;
    }
    return found;
}

copy_options options_of(std::span<const sql_word> words) {
    if (!words.empty() && words.front().is("WITH"))
        words = words.subspan(1);
    if (!words.empty() && words.front().is_symbol('('))
        return read_list(words.subspan(1), 1);
    return read_plain(words);
}

select_shape mistaken(std::string mistake) {
    select_shape shape;
    shape.mistake = std::move(mistake);
    return shape;
}

// "WITH x AS (DELETE …", or COPY's own. Elsewhere these words may be names.
const sql_word* find_change(std::span<const sql_word> words) {
    static constexpr std::array changes{"INSERT", "UPDATE", "DELETE", "MERGE"};
    for (std::size_t at = 2; at < words.size(); ++at) {
        const auto& before = words[at - 2];
        const bool query = before.is("AS") || before.is("MATERIALIZED") || before.is("COPY");
        if (query && words[at - 1].is_symbol('(') &&
            std::ranges::any_of(changes, [&](const char* each) { return words[at].is(each); }))
            return &words[at];
    }
    return nullptr;
}

bool is_plain(const sql_word& each) {
    static constexpr std::array words{"WITH", "FORMAT", "CSV", "HEADER", "TRUE", "ON"};
    return std::ranges::any_of(words, [&each](const char* word) { return each.is(word); }) ||
           each.is_symbol('(') || each.is_symbol(',') || each.is_symbol(')');
}

// Of COPY (query) TO …, or of COPY table (columns) TO …
std::string query_of(std::string_view sql, std::span<const sql_word> copied) {
    const auto text_between = [sql](const sql_word& open, const sql_word& close) {
        return std::string(sql.substr(open.end, close.begin - open.end));
    };
    const auto is_outer = [](char which) {
        return [which](const sql_word& each) { return each.depth == 0 && each.is_symbol(which); };
    };
    const auto open = std::ranges::find_if(copied, is_outer('('));
    const auto close = std::ranges::find_if(copied, is_outer(')'));
    if (open == copied.begin() && close != copied.end())
        return text_between(*open, *close);
    const bool columns = open != copied.end() && close != copied.end();
    const auto& last = *std::prev(columns ? open : copied.end());
    const auto table = sql.substr(copied.front().begin, last.end - copied.front().begin);
    return fmt::format("SELECT {} FROM {}", columns ? text_between(*open, *close) : "*", table);
}

} // namespace

select_shape shape_of_select(std::string_view sql) {
    const auto statement = db::single_statement(sql);
    if (!statement.mistake.empty())
        return mistaken(statement.mistake);
    const auto& words = statement.words;
    const auto& first = words.front();
    if (!first.is("COPY"))
        return mistaken(
            fmt::format("line {}: it begins with '{}' where {}", first.line, shown(first), copy_expected));
    const auto outside = [](std::string_view word) {
        return [word](const sql_word& each) { return each.depth == 0 && each.is(word); };
    };
    const auto to = std::ranges::find_if(words, outside("TO"));
    if (to == words.end() || to + 1 == words.end() || !(to + 1)->is("STDOUT"))
        return mistaken(fmt::format("line {}: it does not copy TO STDOUT: {}",
                                    to == words.end() ? first.line : to->line, copy_expected));
    const auto options = options_of(std::span(to + 2, words.end()));
    if (!options.csv || !options.header)
        return mistaken(fmt::format("line {}: it copies without {}: {}", to->line,
                                    options.csv ? "HEADER" : "CSV", copy_expected));
    if (const auto* const change = find_change(words))
        return mistaken(fmt::format("line {}: it has a statement that begins with {}: it may only read, and"
                                    " delete.sql alone deletes",
                                    change->line, shown(*change)));
    select_shape shape;
    shape.usual_dialect = options.usual_dialect;
    shape.encoding = options.encoding;
    const std::span said(to + 2, words.end());
    shape.plain_dialect = std::ranges::all_of(said, is_plain);
    if (const std::span copied(words.begin() + 1, to); !copied.empty())
        shape.query = query_of(sql, copied);
    if (!said.empty())
        shape.options = sql.substr(said.front().begin, said.back().end - said.front().begin);
    return shape;
}

} // namespace exports
