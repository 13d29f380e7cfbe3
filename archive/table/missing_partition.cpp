#include "archive/table/missing_partition.hpp"

#include <fmt/format.h>

#include <array>

namespace archive {

awaitable<std::uint64_t> rows_without_partition(db::connection& session, const table_description& table,
                                                std::string rows) {
    const auto oid = std::to_string(table.named.oid);
    // A default partition without neighbours has no constraint: it takes every row.
    const auto leaves = co_await session.query(
        "SELECT count(*) FILTER (WHERE pg_get_partition_constraintdef(relid) IS NULL),"
        " coalesce(string_agg('(' || pg_get_partition_constraintdef(relid) || ')', ' OR '), 'false')"
        " FROM pg_partition_tree($1::oid::regclass) WHERE isleaf AND relid <> $1::oid",
        std::string_view(oid));
    if (leaves.integer(0, 0) > 0)
        co_return 0;
    const auto found = co_await session.query(
        fmt::format("SELECT count(*) FROM {} WHERE ({}) IS NOT TRUE", rows, leaves.text(0, 1)));
    co_return static_cast<std::uint64_t>(found.integer(0, 0));
}

awaitable<std::string> partition_ddl(db::connection& session, const table_description& table,
                                     lake::day which) {
    const auto oid = std::to_string(table.named.oid);
    const auto midnight = which.text();
    const std::array parameters{db::parameter(oid), db::parameter(table.time_column),
                                db::parameter(midnight)};
    const auto found = co_await session.query(
        "WITH parent AS (SELECT c.oid, n.nspname, c.relname FROM pg_class c"
        "  JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_partitioned_table p ON p.partrelid = c.oid"
        "  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = p.partattrs[0]"
        "  WHERE c.oid = $1::oid AND p.partstrat = 'r' AND p.partnatts = 1"
        "   AND '\"' || replace(a.attname::text, '\"', '\"\"') || '\"' = $2),"
        " bounds AS (SELECT regexp_match(pg_get_expr(c.relpartbound, c.oid),"
        "   'FROM \\(''([^'']+)''\\) TO \\(''([^'']+)''\\)') AS b"
        "  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = $1::oid),"
        " spans AS (SELECT b[1]::timestamp AS lower, b[2]::timestamp AS upper FROM bounds"
        "  WHERE b IS NOT NULL),"
        " widths AS (SELECT place, unit, ('1 ' || unit)::interval AS width,"
        "   date_trunc(unit, $3::timestamp) AS lower FROM unnest(ARRAY['year', 'month', 'week', 'day'])"
        "   WITH ORDINALITY AS u(unit, place)),"
        " fitting AS (SELECT w.* FROM widths w WHERE (unit = 'day' OR EXISTS (SELECT FROM spans)"
        "   AND NOT EXISTS (SELECT FROM spans s WHERE s.lower <> date_trunc(w.unit, s.lower)"
        "    OR s.upper <> s.lower + w.width))"
        "  AND NOT EXISTS (SELECT FROM spans s WHERE s.lower < w.lower + w.width AND s.upper > w.lower)"
        "  ORDER BY place LIMIT 1)"
        " SELECT format('CREATE TABLE %I.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)', nspname,"
        "   left(relname, 48) || '_' || to_char(lower, 'YYYY_MM_DD'), nspname, relname,"
        "   to_char(lower, 'YYYY-MM-DD') || zone, to_char(lower + width, 'YYYY-MM-DD') || zone)"
        " FROM parent, fitting," +
            std::string(table.time_has_zone ? " (SELECT ' 00:00:00+00'::text) AS z(zone)"
                                            : " (SELECT ''::text) AS z(zone)"),
        parameters);
    co_return found.rows() == 0 ? std::string() : std::string(found.text(0, 0));
}

} // namespace archive
