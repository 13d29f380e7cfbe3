#include "events/projection/apply_sql.hpp"

#include "db/sql/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace events {

namespace {

using db::sql_word;
using statement_words = std::span<const sql_word>;

constexpr std::array<std::string_view, 9> transaction_words{
    "BEGIN", "START", "COMMIT", "END", "ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE", "PREPARE"};
constexpr std::array<std::string_view, 6> session_words{"RESET",    "DISCARD", "LISTEN",
                                                        "UNLISTEN", "LOAD",    "DEALLOCATE"};

template <std::size_t N>
bool any_of_words(const std::array<std::string_view, N>& words, const sql_word& given) {
    return std::ranges::any_of(words, [&given](std::string_view each) { return given.is(each); });
}

std::string mistake_in_statement(statement_words words) {
    const auto& first = words.front();
    const auto said = [&first](std::string_view clause) {
        return fmt::format("line {}: {} cannot stand here: {}", first.line, db::shown(first), clause);
    };
    if (any_of_words(transaction_words, first))
        return said("the transaction is begun and ended with the position of the projection");
    if (any_of_words(session_words, first))
        return said("it would stay in force for the next user of the connection");
    if (first.is("SET") && words.size() > 1 && !words[1].is("LOCAL") && !words[1].is("CONSTRAINTS"))
        return said("it would outlive the transaction: give SET LOCAL");
    if (first.is("COPY"))
        return said("it has no client to exchange rows with: use INSERT");
    return {};
}

// How many words the statement at the front has. The body of a function in SQL's own form, BEGIN ATOMIC …
// END, has semicolons of its own; within it CASE ends with END, too.
std::size_t size_of_statement(statement_words all) {
    std::size_t open = 0;
    for (std::size_t at = 0; at < all.size(); ++at) {
        const auto& word = all[at];
        if (open == 0 && word.is_symbol(';') && word.depth == 0)
            return at;
        const bool is_name = at > 0 && (all[at - 1].is("AS") || all[at - 1].is_symbol('.'));
        if (word.is("BEGIN") && at > 0 && at + 1 < all.size() && all[at + 1].is("ATOMIC"))
            ++open;
        else if (open > 0 && word.is("CASE") && !is_name)
            ++open;
        else if (open > 0 && word.is("END") && !is_name)
            --open;
    }
    return all.size();
}

// Statements without the semicolons between them.
std::vector<statement_words> statements_in(statement_words all) {
    std::vector<statement_words> found;
    while (!all.empty()) {
        const auto size = size_of_statement(all);
        if (size > 0)
            found.push_back(all.first(size));
        all = all.subspan(std::min(size + 1, all.size()));
    }
    return found;
}

// Notes the parameter that begins at the front, if one does.
std::string note_parameter(statement_words words, apply_sql& into) {
    if (words.size() < 2 || !words[0].is_symbol('$') || words[1].begin != words[0].end)
        return {};
    const auto& digits = words[1].text;
    if (digits.size() == 1 && digits[0] >= '1' && digits[0] < static_cast<char>('1' + batch_parameters))
        into.uses.at(static_cast<std::size_t>(digits[0] - '1')) = true;
    else
        return fmt::format("line {}: there is no parameter ${}: there are $1 to ${}", words[0].line,
                           db::shown(words[1]), batch_parameters);
    return {};
}

} // namespace

apply_sql read_apply_sql(std::string_view sql) {
    apply_sql result;
    const auto read = db::words_of(sql);
    result.mistake = read.mistake;
    const auto statements = statements_in(read.words);
    if (statements.empty() && result.mistake.empty())
        result.mistake = "line 1: there is no statement";
    for (const auto& each : statements) {
        if (result.mistake.empty())
            result.mistake = mistake_in_statement(each);
        for (auto rest = each; result.mistake.empty() && !rest.empty(); rest = rest.subspan(1))
            result.mistake = note_parameter(rest, result);
        result.statements.emplace_back(sql.substr(each.front().begin, each.back().end - each.front().begin));
    }
    if (!result.mistake.empty())
        result.statements.clear();
    return result;
}

std::string migration_mistake(std::string_view sql) {
    const auto read = db::words_of(sql);
    if (!read.mistake.empty())
        return read.mistake;
    for (const auto& each : statements_in(read.words))
        if (auto mistake = mistake_in_statement(each); !mistake.empty())
            return mistake;
    return {};
}

} // namespace events
