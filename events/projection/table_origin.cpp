#include "events/projection/table_origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace events {

namespace {

// In a transaction of ours names are found in pg_catalog alone.

// Whether a relation is there, and whether the role may read it.
constexpr std::string_view relation_query =
    "SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = $1::name AND c.relname = $2::name";

awaitable<bool> has_rows(db::connection& session, table_name table) {
    const auto found = co_await session.query(relation_query, table.schema, table.table);
    if (found.rows() == 0)
        co_return false;
    if (!found.boolean(0, 0))
        co_return true;
    const auto sql = fmt::format("SELECT EXISTS (SELECT FROM {})", table.quoted());
    const auto rows = co_await session.query(sql);
    co_return rows.boolean(0, 0);
}

// Of the table $2 of projection $1: what was recorded, and another projection that fills it.
constexpr std::string_view origin_query =
    "SELECT (SELECT o.had_rows FROM event_archiver.table_origin o WHERE o.projection = $1 AND o.name = $2),"
    " (SELECT min(o.projection) FROM event_archiver.table_origin o WHERE o.projection <> $1 AND o.name = $2)";

// Positions of the projection $1 under other names than $2, in journals that $2 does not read.
std::string other_journal_query() {
    return fmt::format("SELECT min(p.projection) FROM event_archiver.position p"
                       " WHERE {} = $1 AND p.projection <> $2 AND p.next > 0 AND {}"
                       " AND p.journal <> '' AND NOT EXISTS (SELECT FROM event_archiver.position own"
                       " WHERE own.projection = $2 AND own.topic = p.topic AND own.journal = p.journal)",
                       projection_of_p, p_is_no_rebuild);
}

awaitable<std::int64_t> count_of(db::connection& session, table_name table) {
    const auto sql = fmt::format("SELECT count(*) FROM {}", table.quoted());
    const auto found = co_await session.query(sql);
    co_return found.integer(0, 0);
}

} // namespace

awaitable<std::string> unlogged_tables(db::connection& session, const projection_definition& which) {
    std::string list;
    for (const auto& each : which.settings.tables) {
        const auto found =
            co_await session.query("SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
                                   " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
                                   " WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name"
                                   " AND c.relname OPERATOR(pg_catalog.=) $2::pg_catalog.name"
                                   " AND c.relpersistence OPERATOR(pg_catalog.=) 'u'::\"char\"",
                                   each.schema, each.table);
        if (found.rows() > 0)
            list += (list.empty() ? "" : ", ") + each.shown();
    }
    co_return list;
}

awaitable<std::vector<table_name>> tables_with_rows(db::connection& session,
                                                    const projection_definition& which) {
    std::vector<table_name> found;
    for (const auto& each : which.settings.tables) {
        const bool has = co_await has_rows(session, each);
        if (has)
            found.push_back(each);
    }
    co_return found;
}

awaitable<void> note_origin(db::connection& session, const projection_definition& which,
                            std::vector<table_name> had_rows) {
    for (const auto& each : which.settings.tables) {
        const std::string had = std::ranges::find(had_rows, each) != had_rows.end() ? "true" : "false";
        const auto shown = each.shown();
        const auto quoted = each.quoted();
        const auto sql = fmt::format(
            "INSERT INTO event_archiver.table_origin (projection, name, had_rows)"
            " SELECT $1::text, $2::text, $3::bool WHERE to_regclass($4::text) IS NOT NULL"
            " AND NOT ($3::bool AND EXISTS (SELECT FROM event_archiver.position p WHERE p.next > 0"
            " AND {} = $1::text)) ON CONFLICT (projection, name) DO NOTHING",
            projection_of_p);
        (void)co_await session.query(sql, which.name, shown, had, quoted);
    }
}

awaitable<void> note_only_events(db::connection& session, const projection_definition& which) {
    for (const auto& each : which.settings.tables) {
        const auto shown = each.shown();
        (void)co_await session.query(
            "INSERT INTO event_archiver.table_origin (projection, name, had_rows) VALUES ($1, $2, false)"
            " ON CONFLICT (projection, name) DO UPDATE SET had_rows = false",
            which.name, shown);
    }
}

awaitable<std::string> rows_without_events(db::connection& session, const named_projection& which) {
    const auto filled = co_await tables_with_rows(session, which.definition);
    const auto& name = which.definition.name;
    for (const auto& each : filled) {
        const auto table = each.shown();
        const auto found = co_await session.query(origin_query, name, table);
        if (found.is_null(0, 0))
            co_return fmt::format("it is not known whether the table {} had rows before the projection filled"
                                  " it, because an earlier version began that",
                                  table);
        if (found.boolean(0, 0))
            co_return fmt::format("the table {} had rows before the projection began", table);
        if (!found.is_null(0, 1))
            co_return fmt::format("projection '{}' fills the table {} too", found.text(0, 1), table);
    }
    const auto sql = other_journal_query();
    const auto other = co_await session.query(sql, name, which.name);
    if (!filled.empty() && !other.is_null(0, 0))
        co_return fmt::format("'{}' has applied events of another journal to the same tables",
                              other.text(0, 0));
    co_return std::string();
}

awaitable<std::string> tables_to_lock(db::connection& session, const projection_definition& which) {
    std::string list;
    for (const auto& each : which.settings.tables) {
        const auto there = co_await session.query(relation_query, each.schema, each.table);
        if (there.rows() > 0)
            list += (list.empty() ? "" : ", ") + each.quoted();
    }
    co_return list;
}

awaitable<std::string> tables_that_shrink(db::connection& session, const projection_definition& which) {
    std::string shrink;
    for (const auto& each : which.settings.tables) {
        const auto there = co_await session.query(relation_query, each.schema, each.table);
        if (there.rows() == 0)
            continue;
        const auto old_rows = co_await count_of(session, each);
        table_name made{rebuild_schema(which), each.table};
        const auto new_rows = co_await count_of(session, std::move(made));
        if (new_rows < old_rows)
            shrink += fmt::format("{}{} ({} rows, the new one {})", shrink.empty() ? "" : ", ", each.shown(),
                                  old_rows, new_rows);
    }
    co_return shrink;
}

} // namespace events
