// A condition that a person wrote: one expression over the columns of a table. Its text may name people, so
// no message repeats it. Tested by tests/unit/archive/table/condition_test.cpp.
#pragma once

#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "db/error.hpp"
#include "lake/day_range.hpp"

#include <string>
#include <string_view>

namespace archive {

// In front of each statement with the condition in it: a trace shows the first 80 characters of a statement.
inline constexpr std::string_view untraced =
    "/* event-archiver: the condition below may name people, so that nothing of it stands in a trace */ ";
static_assert(untraced.size() > 80);

// The condition as it stands behind WHERE: a comment at its end must not hide the parenthesis.
[[nodiscard]] std::string parenthesised(std::string_view condition);

// Why it is not one expression: it closes a parenthesis that it did not open, ends a statement, or has a
// parameter. "" if it is one. Pure.
[[nodiscard]] std::string condition_mistake(std::string_view condition);

// Throws async::error(usage) if it is not one. Pure.
void must_be_condition(std::string_view condition);

// What PostgreSQL says about `statement`, which contains the condition: the name of the SQLSTATE, and the
// position in the text. PostgreSQL's sentence is left out: it repeats words, quoted in a way that depends on
// the language of the server. Pure.
[[nodiscard]] std::string sentence_without_words(const db::error& failed, std::string_view statement,
                                                 std::string_view condition);

// "WHERE (condition)", and the time of these days; NULL is no match. Pure.
[[nodiscard]] std::string matching_clause(const table_description& table, std::string_view condition,
                                          const lake::day_range& days);

// Throws async::error(usage) if PostgreSQL does not understand the condition, if it has a subquery, if it
// calls a volatile function, or a stable one that is not PostgreSQL's own, or if it asks for a system column,
// which the rows of a file do not have. Its result must not depend on other rows: the table's are deleted
// before those of files. PostgreSQL's own stable functions are taken, for texts become times by them, and
// now() with them. Throws precondition where the role reads backslashes in '…' as escapes. Nothing is
// changed. `session`: outside of a transaction.
[[nodiscard]] awaitable<void> must_be_repeatable(db::connection& session, const table_description& table,
                                                 std::string condition);
// Its SHA-256, in hex.
[[nodiscard]] awaitable<std::string> hash_of_condition(db::connection& session, std::string condition);

} // namespace archive
