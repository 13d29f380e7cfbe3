#include "archive/table/named_table.hpp"

#include "async/error.hpp"
#include "db/error.hpp"
#include "db/session_names.hpp"
#include "lake/conflict.hpp"
#include "lake/mark/mark.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace archive {

namespace {

// A role that may read some columns only cannot take ACCESS SHARE. The right to DELETE allows the lock that
// DELETE takes.
std::string_view mode_of(const named_table& table) noexcept {
    return table.may_select_all ? "ACCESS SHARE" : "ROW EXCLUSIVE";
}

std::string for_people(const std::string& name) {
    const bool plain = name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
    return plain ? name : db::connection::identifier(name);
}

std::string lock_sql(const named_table& table) {
    return fmt::format("LOCK TABLE {} IN {} MODE", table.sql(), mode_of(table));
}

lake::conflict was_renamed(const named_table& table) {
    return lake::conflict(fmt::format("table {} was renamed or dropped meanwhile", table.text()));
}

// The table that is meant has the same letters, if there is exactly one: as a rule its capitals lack quotes.
awaitable<std::string> hint_of_names(db::connection& session, std::string_view text,
                                     std::string_view named_by) {
    const std::array given{db::parameter(text)};
    const auto found = co_await session.query(
        "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        " WHERE c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog.\"char\"[])"
        " AND pg_catalog.lower(c.relname::pg_catalog.text) OPERATOR(pg_catalog.=) pg_catalog.lower("
        "(pg_catalog.parse_ident($1::pg_catalog.text, false))[pg_catalog.cardinality("
        "pg_catalog.parse_ident($1::pg_catalog.text, false))])",
        given);
    if (found.rows() != 1)
        co_return fmt::format("Check {}, the database in PG_CONNECTION_STRING and its search_path; names with"
                              " capitals need double quotes.",
                              named_by);
    named_table near;
    near.schema = found.text(0, 0);
    near.relation = found.text(0, 1);
    co_return fmt::format("There is {}: name it so with {}, or check the database in PG_CONNECTION_STRING.",
                          near.text(), named_by);
}

} // namespace

std::string named_table::sql() const {
    return db::connection::identifier(schema) + '.' + db::connection::identifier(relation);
}

std::string named_table::in_mark() const { return lake::table_in_mark(schema, relation); }

std::string named_table::text() const { return for_people(schema) + '.' + for_people(relation); }

// Every name and operator is qualified: the search_path here is that of the role, and others may write to it.
awaitable<named_table> look_for_table(db::connection& session, std::string_view text) {
    const std::array by_name{db::parameter(text)};
    const auto found = co_await session.query(
        "SELECT c.oid, n.nspname, c.relname,"
        " pg_catalog.has_table_privilege(c.oid, 'SELECT'::pg_catalog.text),"
        " c.relkind OPERATOR(pg_catalog.=) ANY ('{r,p}'::pg_catalog.\"char\"[])"
        " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        " WHERE c.oid OPERATOR(pg_catalog.=) pg_catalog.to_regclass($1::pg_catalog.text)::pg_catalog.oid",
        by_name);
    named_table table;
    if (found.rows() == 0)
        co_return table;
    table.oid = static_cast<std::uint32_t>(found.integer(0, 0));
    table.schema = found.text(0, 1);
    table.relation = found.text(0, 2);
    table.may_select_all = found.boolean(0, 3);
    table.is_table = found.boolean(0, 4);
    co_return table;
}

awaitable<named_table> resolve_table(db::connection& session, std::string_view text,
                                     std::string_view named_by) {
    auto table = co_await look_for_table(session, text);
    if (table.oid == 0) {
        auto hint = co_await hint_of_names(session, text, named_by);
        throw async::error(async::failure::precondition, fmt::format("there is no table {}", text),
                           std::move(hint));
    }
    must_be_table(table, named_by);
    co_return table;
}

// LOCK TABLE's own error is less clear.
void must_be_table(const named_table& table, std::string_view named_by) {
    if (!table.is_table)
        throw async::error(async::failure::precondition, fmt::format("{} is not a table", table.text()),
                           fmt::format("Name a table with {}: a view has no rows of its own.", named_by));
}

awaitable<named_table> name_of_new_table(db::connection& session, std::string_view text) {
    const std::array by_name{db::parameter(text)};
    const auto found = co_await session.query(
        "SELECT parts[pg_catalog.array_upper(parts, 1)], CASE"
        " WHEN pg_catalog.array_upper(parts, 1) OPERATOR(pg_catalog.=) 1 THEN "
        "pg_catalog.current_schema()::pg_catalog.text"
        " ELSE parts[1] END FROM pg_catalog.parse_ident($1::pg_catalog.text) AS given (parts)",
        by_name);
    if (found.is_null(0, 1))
        throw async::error(async::failure::precondition,
                           fmt::format("no schema of the search_path exists in which {} could be made", text),
                           "Name it with its schema.");
    named_table table;
    table.relation = found.text(0, 0);
    table.schema = found.text(0, 1);
    if (table.schema.starts_with("pg_temp"))
        throw async::error(
            async::failure::precondition,
            fmt::format("{} would be a temporary table: it ends with this program", table.text()),
            "Name a schema that lasts, such as public.");
    co_return table;
}

awaitable<void> lock_table(db::connection& session, const named_table& table) {
    return session.execute(lock_sql(table));
}

awaitable<void> lock_table_at_once(db::connection& session, const named_table& table) {
    try {
        co_await session.execute(lock_sql(table) + " NOWAIT");
    } catch (const db::error& failed) {
        if (failed.state() != lock_not_available)
            throw;
        throw lake::conflict(fmt::format("somebody waits for an exclusive lock on table {}", table.text()));
    }
}

awaitable<void> must_have_locked(db::connection& session, const named_table& table,
                                 std::vector<std::uint32_t> partitions) {
    const auto oid = std::to_string(table.oid);
    const auto mode = table.may_select_all ? "AccessShareLock" : "RowExclusiveLock";
    const auto parts = fmt::format("{{{}}}", fmt::join(partitions, ","));
    const auto held = co_await session.query(
        "SELECT pg_catalog.count(*) FROM pg_catalog.pg_locks"
        " WHERE locktype OPERATOR(pg_catalog.=) 'relation'::pg_catalog.text AND granted"
        " AND pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid()"
        " AND (relation OPERATOR(pg_catalog.=) $1::pg_catalog.oid"
        "      AND mode OPERATOR(pg_catalog.=) $2::pg_catalog.text"
        "   OR relation OPERATOR(pg_catalog.=) ANY ($3::pg_catalog.oid[])"
        "      AND mode OPERATOR(pg_catalog.=) 'ShareLock'::pg_catalog.text)",
        std::string_view(oid), std::string_view(mode), std::string_view(parts));
    if (static_cast<std::size_t>(held.integer(0, 0)) != partitions.size() + 1)
        throw was_renamed(table);
}

awaitable<void> must_still_be_named(db::connection& session, const named_table& table) {
    const auto now = co_await look_for_table(session, table.sql());
    if (now.oid != table.oid)
        throw was_renamed(table);
}

awaitable<std::string> sessions_against(db::connection& session, const named_table& table) {
    // The modes that conflict with ours, on the table and on all that inherit from it.
    const std::string_view modes =
        table.may_select_all ? "{AccessExclusiveLock}"
                             : "{ShareLock,ShareRowExclusiveLock,ExclusiveLock,AccessExclusiveLock}";
    const auto oid = std::to_string(table.oid);
    const std::array parameters{db::parameter(oid), db::parameter(modes)};
    const auto found = co_await session.query(
        "WITH RECURSIVE part (oid) AS (SELECT $1::pg_catalog.oid UNION SELECT i.inhrelid FROM "
        "pg_catalog.pg_inherits i"
        " JOIN part p ON i.inhparent OPERATOR(pg_catalog.=) p.oid)"
        " SELECT l.pid, a.usename, a.application_name FROM pg_catalog.pg_locks l"
        " JOIN part p ON l.relation OPERATOR(pg_catalog.=) p.oid"
        " LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid OPERATOR(pg_catalog.=) l.pid"
        " WHERE l.locktype OPERATOR(pg_catalog.=) 'relation'::pg_catalog.text"
        " AND l.mode OPERATOR(pg_catalog.=) ANY ($2::pg_catalog.text[])"
        " AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()"
        " ORDER BY l.granted DESC, l.pid LIMIT 3",
        parameters);
    co_return db::describe_sessions(found);
}

} // namespace archive
