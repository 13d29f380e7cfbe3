#include "archive/table/condition.hpp"

#include "async/error.hpp"
#include "db/condition_name.hpp"
#include "db/sql/words.hpp"
#include "db/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>

namespace archive {

using async::failure;

namespace {

constexpr std::string_view condition_hint =
    "Give one condition over the columns, as PostgreSQL's WHERE has it. Write moments out, without now().";

// A time as the time column compares it. The names are qualified: the session's search_path is the role's
// own.
std::string moment(const table_description& table, std::string_view date) {
    return table.time_has_zone ? fmt::format("pg_catalog.timestamptz '{} 00:00:00+00'", date)
                               : fmt::format("pg_catalog.timestamp '{} 00:00:00'", date);
}

// Does not wait: a third session may wait for the table that the caller's other session holds, and this one
// would then wait for the third.
constexpr std::chrono::seconds lock_patience{30};

std::size_t characters(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(
        text, [](char each) { return (static_cast<unsigned char>(each) & 0xC0U) != 0x80U; }));
}

[[noreturn]] void refuse(const std::string& why, std::string_view hint) {
    throw async::error(failure::usage, "--where: " + why, std::string(hint));
}

} // namespace

std::string parenthesised(std::string_view condition) { return fmt::format("(\n{}\n)", condition); }

std::string condition_mistake(std::string_view condition) {
    const auto found = db::words_of(condition);
    if (!found.mistake.empty())
        return found.mistake;
    std::size_t open = 0;
    for (const auto& word : found.words) {
        if (word.is_symbol('$'))
            return fmt::format("line {}: a parameter such as $1: there is no value for it", word.line);
        if (word.is_symbol(';'))
            return fmt::format("line {}: a semicolon: it must be one condition", word.line);
        if (word.is_symbol(')') && open == 0)
            return fmt::format("line {}: a parenthesis is closed that was not opened", word.line);
        open += word.is_symbol('(') ? 1 : 0;
        open -= word.is_symbol(')') ? 1 : 0;
    }
    if (found.words.empty())
        return "it is empty";
    return open > 0 ? "a parenthesis is opened and not closed" : std::string();
}

std::string sentence_without_words(const db::error& failed, std::string_view statement,
                                   std::string_view condition) {
    auto sentence =
        fmt::format("{} (SQLSTATE {})", db::condition_name(failed.state()), db::known_state(failed.state()));
    const auto begins = statement.find(condition);
    if (failed.position() == 0 || begins == std::string_view::npos)
        return sentence;
    const auto before = characters(statement.substr(0, begins));
    if (failed.position() > before && failed.position() <= before + characters(condition) + 1)
        sentence += fmt::format(", at character {} of the condition", failed.position() - before);
    else if (failed.position() > before)
        sentence += ", at the end of the condition";
    return sentence;
}

std::string matching_clause(const table_description& table, std::string_view condition,
                            const lake::day_range& days) {
    auto clause = "WHERE " + parenthesised(condition);
    if (!days.first && !days.last)
        return clause;
    // A day that is named is one that a file can have: never infinity, never before the year 1.
    const auto first = days.first.value_or(lake::day::from_text("0001-01-01").value());
    const auto next = days.last ? lake::day::from_number(days.last->number() + 1) : std::nullopt;
    clause +=
        fmt::format(" AND {} OPERATOR(pg_catalog.>=) {}", table.time_column, moment(table, first.text()));
    clause += fmt::format(" AND {} OPERATOR(pg_catalog.<) {}", table.time_column,
                          moment(table, next ? next->text() : "10000-01-01"));
    return clause;
}

void must_be_condition(std::string_view condition) {
    if (const auto mistake = condition_mistake(condition); !mistake.empty())
        refuse(mistake, condition_hint);
}

awaitable<void> must_be_repeatable(db::connection& session, const table_description& table,
                                   std::string condition) {
    must_be_condition(condition);
    db::transaction_options options;
    options.runs = db::statements::users;
    options.lock_timeout = lock_patience;
    auto transaction = co_await db::transaction::begin(session, options);
    const auto strings = co_await session.query("SHOW standard_conforming_strings");
    if (strings.text(0, 0) != "on")
        throw async::error(failure::precondition,
                           "the role has standard_conforming_strings off: where a quoted text of --where ends"
                           " would not be certain",
                           "ALTER ROLE … SET standard_conforming_strings = on");
    const auto view =
        fmt::format("{}CREATE TEMPORARY VIEW event_archiver_condition AS SELECT 1 AS one FROM {} WHERE {}",
                    untraced, table.name, parenthesised(condition));
    std::string misunderstood;
    try {
        co_await session.query(view);
    } catch (const db::error& failed) {
        const std::string_view state = failed.state();
        if (state.empty() || failed.may_repeat()) // the way to the server, a lock, a timeout
            throw;
        misunderstood = sentence_without_words(failed, view, condition);
    }
    if (!misunderstood.empty())
        refuse(misunderstood, condition_hint);
    // The functions and columns that the server has found behind the names, as its own tree has them.
    const auto asked = co_await session.query(
        "WITH rule AS MATERIALIZED (SELECT ev_action::pg_catalog.text AS tree FROM pg_catalog.pg_rewrite "
        "WHERE"
        " ev_class OPERATOR(pg_catalog.=) pg_catalog.to_regclass('pg_temp.event_archiver_condition')),"
        " called AS (SELECT DISTINCT (pg_catalog.regexp_matches(tree,"
        " ':(?:funcid|opfuncid|aggfnoid|winfnoid) ([0-9]+)', 'g'))[1]::pg_catalog.oid AS oid FROM rule)"
        " SELECT (SELECT pg_catalog.count(*) FROM called JOIN pg_catalog.pg_proc AS p ON p.oid"
        " OPERATOR(pg_catalog.=) called.oid WHERE p.provolatile OPERATOR(pg_catalog.=) 'v'),"
        " (SELECT tree OPERATOR(pg_catalog.~) ':varattno -[0-9]' FROM rule),"
        " (SELECT tree OPERATOR(pg_catalog.~) '[{]SUBLINK ' FROM rule),"
        " (SELECT pg_catalog.count(*) FROM called JOIN pg_catalog.pg_proc AS p ON p.oid"
        " OPERATOR(pg_catalog.=) called.oid WHERE p.provolatile OPERATOR(pg_catalog.=) 's' AND"
        " (p.pronamespace OPERATOR(pg_catalog.<>) 'pg_catalog'::pg_catalog.regnamespace"
        " OR p.proname OPERATOR(pg_catalog.~) '_to_xml'))");
    co_await transaction.rollback();
    if (asked.integer(0, 0) > 0)
        refuse(
            "it calls a function that is VOLATILE: what it says of a row may change from one reading to the"
            " next, and it may change data",
            "A function that depends on its arguments alone can be declared IMMUTABLE: ALTER FUNCTION … "
            "IMMUTABLE.");
    if (asked.boolean(0, 2))
        refuse("it has a subquery: rows of the table are deleted before files are written, and it could say"
               " something else of a row then",
               "Write out the values, such as user_id IN (7, 8), or = ANY ('{7,8}').");
    if (asked.integer(0, 3) > 0)
        refuse("it calls a function that may read tables: what it says of a row could change while rows go",
               "Write out its condition. A function that depends on its arguments alone can be declared"
               " IMMUTABLE.");
    if (asked.boolean(0, 1))
        refuse("it asks for a system column, which the rows of files do not have", condition_hint);
}

awaitable<std::string> hash_of_condition(db::connection& session, std::string condition) {
    const std::array parameters{db::parameter(condition)};
    const auto asked = co_await session.query(
        "SELECT pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($1::pg_catalog.text, 'UTF8')), "
        "'hex')",
        parameters);
    co_return std::string(asked.text(0, 0));
}

} // namespace archive
