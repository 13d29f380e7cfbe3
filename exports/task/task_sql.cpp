#include "exports/task/task_sql.hpp"

#include "exports/task/placeholders.hpp"

#include <fmt/format.h>

namespace exports {

namespace {

// Written as by the service that this one replaces: midnight without a zone, which PostgreSQL reads in the
// session's zone where a zone matters.
std::string literal_of(lake::day boundary) {
    return fmt::format("'{}T00:00:00'::timestamp", boundary.text());
}

constexpr std::string_view vouch_hint =
    "Let select.sql export the table's columns as they are, a unique key among them. Or vouch for it that "
    "both statements mean the same rows, by the comment `-- event-archiver: unverified` in delete.sql: then "
    "their numbers alone are compared.";

// Where the server refuses a DELETE for a publication, PostgreSQL 15 has the SQLSTATE of a wrong column.
constexpr std::string_view publication_hint =
    "If the file is right, a publication is in the way of the DELETE: the table's replica identity must have "
    "the columns of its row filter, and its column list must have those of the replica identity. Or "
    "take the filter, or the list, away.";

std::string hint_about(const db::error& failed, std::string_view file) {
    if (failed.state() == "42P10" && file.ends_with("/delete.sql"))
        return fmt::format("{} {}", fix_file_hint, publication_hint);
    return std::string(fix_file_hint);
}

} // namespace

std::string bound_sql_of(std::string_view sql, lake::day boundary) {
    auto result = bind_boundary(sql, literal_of(boundary));
    if (!result.mistake.empty())
        throw async::error(async::failure::precondition, result.mistake);
    return std::move(result.text);
}

db::error about_file(const db::error& failed, std::string_view file) {
    const std::string_view state = failed.state();
    const bool wrong = (state.starts_with("42") && state != "42501") || state.starts_with("0A");
    db::error made(wrong ? async::failure::precondition : failed.kind(), failed.message(), failed.state(),
                   failed.connection_usable(),
                   wrong && failed.hint().empty() ? hint_about(failed, file) : failed.hint());
    made.set_server_words(failed.server_words());
    made.set_position(failed.position());
    if (!failed.may_repeat())
        made.set_not_repeatable();
    made.add_context(fmt::format("'{}'", file));
    return made;
}

void throw_incomparable(const std::string& task, const std::string& why) {
    throw async::error(
        async::failure::precondition,
        fmt::format(
            "task '{}': it is not known whether delete.sql deletes the rows that select.sql exports: {}",
            task, why),
        std::string(vouch_hint));
}

void throw_unequal(const std::string& task, std::uint64_t exported, std::string_view did,
                   std::uint64_t other) {
    throw async::error(
        async::failure::integrity,
        fmt::format("task '{}': {} rows were exported, but the server {} {}", task, exported, did, other),
        "select.sql and delete.sql do not select the same rows, or a trigger or a row security policy "
        "keeps some. Nothing was deleted.");
}

} // namespace exports
