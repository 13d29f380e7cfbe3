#include "archive/table/hidden_rows.hpp"

#include <fmt/format.h>

#include <string_view>

namespace archive {

namespace {

constexpr std::string_view unfinished_sql =
    "WITH RECURSIVE tree AS (SELECT $1::pg_catalog.oid AS member UNION"
    " SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member)"
    " SELECT pg_catalog.format('%I.%I', cn.nspname, c.relname), pg_catalog.format('%I.%I', pn.nspname, "
    "p.relname)"
    " FROM tree JOIN pg_catalog.pg_inherits i ON i.inhrelid = tree.member AND i.inhdetachpending"
    " JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid JOIN pg_catalog.pg_namespace cn ON cn.oid = "
    "c.relnamespace"
    " JOIN pg_catalog.pg_class p ON p.oid = i.inhparent JOIN pg_catalog.pg_namespace pn ON pn.oid = "
    "p.relnamespace"
    " ORDER BY 1";

} // namespace

std::string sentence_of(const unfinished_detach& detach) {
    return fmt::format(
        "a DETACH CONCURRENTLY of {} from {} was left unfinished: nobody sees its rows in the table",
        detach.partition, detach.from);
}

std::string statement_to_finish(const unfinished_detach& detach) {
    return fmt::format("ALTER TABLE {} DETACH PARTITION {} FINALIZE;", detach.from, detach.partition);
}

awaitable<std::vector<unfinished_detach>> find_unfinished(db::connection& session, std::uint32_t table) {
    std::vector<unfinished_detach> found;
    constexpr int detach_concurrently = 140'000; // the server's version that has it
    if (session.server_version() < detach_concurrently)
        co_return found;
    const auto oid = std::to_string(table);
    const auto hidden = co_await session.query(unfinished_sql, std::string_view(oid));
    for (int row = 0; row < hidden.rows(); ++row)
        found.push_back({std::string(hidden.text(row, 0)), std::string(hidden.text(row, 1))});
    co_return found;
}

awaitable<bool> may_hide_rows(db::connection& session, std::uint32_t table) {
    const auto oid = std::to_string(table);
    const auto policies = co_await session.query("SELECT pg_catalog.row_security_active($1::pg_catalog.oid)",
                                                 std::string_view(oid));
    if (policies.boolean(0, 0))
        co_return true;
    const auto unfinished = co_await find_unfinished(session, table);
    co_return !unfinished.empty();
}

} // namespace archive
