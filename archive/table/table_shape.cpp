#include "archive/table/table_shape.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace archive {

using async::failure;

namespace {

// For a partition, membership of those above it counts too: that is what the server asks at a DELETE.
constexpr std::string_view parts_sql =
    "WITH RECURSIVE tree AS (SELECT $1::pg_catalog.oid AS member, false AS inherits UNION"
    " SELECT i.inhrelid, t.inherits OR NOT c.relispartition FROM tree t"
    " JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member JOIN pg_catalog.pg_class c ON c.oid = "
    "i.inhrelid)"
    " SELECT pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.relname), c.relkind,"
    " pg_catalog.bool_or(tree.inherits), EXISTS (SELECT FROM pg_catalog.pg_attribute a"
    "   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attinhcount = 0),"
    " c.relpersistence = 'u',"
    " (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(w.rulename), ', ' ORDER BY w.rulename)"
    "   FROM pg_catalog.pg_rewrite w WHERE w.ev_class = c.oid AND w.ev_type = '4' AND w.ev_enabled <> 'D'),"
    " CASE WHEN c.relkind = 'r' AND NOT (c.relreplident = 'f' OR EXISTS (SELECT FROM pg_catalog.pg_index x"
    "      WHERE x.indrelid = c.oid AND x.indisvalid AND x.indimmediate"
    "        AND CASE c.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident END))"
    "   THEN (SELECT min(pg_catalog.quote_ident(p.pubname)) FROM pg_catalog.pg_publication p"
    "     JOIN pg_catalog.pg_publication_tables m ON m.pubname = p.pubname"
    "     JOIN pg_catalog.pg_namespace mn ON mn.nspname = m.schemaname"
    "     JOIN pg_catalog.pg_class mc ON mc.relnamespace = mn.oid AND mc.relname = m.tablename"
    "     WHERE p.pubdelete AND (mc.oid = c.oid OR c.relispartition AND mc.oid IN"
    "       (SELECT pg_catalog.pg_partition_ancestors(c.oid)::pg_catalog.oid))) END"
    " FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.member"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " GROUP BY c.oid, n.nspname ORDER BY c.oid <> $1::pg_catalog.oid, 1";

// Since PostgreSQL 15 a publication may have a row filter, which for a DELETE has to do with the columns of
// the replica identity, and a list of columns, which has to have all of these. Of a partition, the filter and
// the list are those of the topmost table above it in the publication, if that publishes by the root.
constexpr std::string_view narrow_publications_sql =
    "WITH RECURSIVE tree AS (SELECT $1::pg_catalog.oid AS member UNION"
    " SELECT i.inhrelid FROM tree t JOIN pg_catalog.pg_inherits i ON i.inhparent = t.member)"
    " SELECT pg_catalog.format('%I.%I', n.nspname, c.relname), min(pg_catalog.quote_ident(p.pubname))"
    " FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.member AND c.relkind = 'r'"
    " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " JOIN pg_catalog.pg_publication p ON p.pubdelete AND NOT p.puballtables"
    " CROSS JOIN LATERAL (SELECT above.relid::pg_catalog.oid AS oid FROM"
    "   (SELECT c.oid AS relid, 0 AS place UNION SELECT a.relid::pg_catalog.oid, a.place"
    "     FROM pg_catalog.pg_partition_ancestors(c.oid) WITH ORDINALITY AS a(relid, place)"
    "     WHERE a.relid::pg_catalog.oid <> c.oid) AS above"
    "   JOIN pg_catalog.pg_class ac ON ac.oid = above.relid WHERE (p.pubviaroot OR above.relid = c.oid) AND"
    "   (EXISTS (SELECT FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid AND r.prrelid = ac.oid)"
    "    OR EXISTS (SELECT FROM pg_catalog.pg_publication_namespace s WHERE s.pnpubid = p.oid"
    "      AND s.pnnspid = ac.relnamespace))"
    "   ORDER BY above.place DESC LIMIT 1) AS published"
    " JOIN pg_catalog.pg_publication_rel r ON r.prpubid = p.oid AND r.prrelid = published.oid"
    " CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.array_agg(a.attname), '{}') AS names"
    "   FROM pg_catalog.pg_index x JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid"
    "     AND a.attnum = ANY(x.indkey) WHERE x.indrelid = c.oid AND x.indisvalid"
    "     AND CASE c.relreplident WHEN 'd' THEN x.indisprimary WHEN 'i' THEN x.indisreplident END) AS "
    "identity"
    " CROSS JOIN LATERAL (SELECT coalesce(pg_catalog.array_agg(a.attname) FILTER"
    "     (WHERE a.attnum = ANY(r.prattrs)), '{}') AS listed,"
    "   coalesce(pg_catalog.array_agg(a.attname) FILTER (WHERE r.prqual::pg_catalog.text ~"
    "     pg_catalog.format(':varattno %s[^0-9]', a.attnum)), '{}') AS filtered"
    "   FROM pg_catalog.pg_attribute a WHERE a.attrelid = published.oid AND a.attnum > 0) AS narrowed"
    " WHERE (r.prattrs IS NOT NULL AND (c.relreplident = 'f' OR NOT identity.names <@ narrowed.listed))"
    " OR (c.relreplident <> 'f' AND NOT narrowed.filtered <@ identity.names) GROUP BY 1";

constexpr std::string_view rights_sql = "SELECT pg_catalog.quote_ident(current_user), "
                                        "pg_catalog.has_table_privilege($1::pg_catalog.oid, 'DELETE'),"
                                        " pg_catalog.has_table_privilege($1::pg_catalog.oid, 'INSERT')";

const table_part* first_with(const table_shape& shape, auto&& is) {
    const auto found = std::ranges::find_if(shape.parts, is);
    return found == shape.parts.end() ? nullptr : &*found;
}

void check(const std::optional<async::error>& mistake) {
    if (mistake)
        throw async::error(*mistake);
}

} // namespace

awaitable<table_shape> read_shape(db::connection& session, std::uint32_t table) {
    table_shape shape;
    const auto oid = std::to_string(table);
    const auto parts = co_await session.query(parts_sql, oid);
    for (int row = 0; row < parts.rows(); ++row)
        shape.parts.push_back({std::string(parts.text(row, 0)), parts.text(row, 1).front(),
                               parts.boolean(row, 2), row > 0 && parts.boolean(row, 3), parts.boolean(row, 4),
                               std::string(parts.text(row, 5)), std::string(parts.text(row, 6))});
    shape.unfinished = co_await find_unfinished(session, table);
    constexpr int narrow_publications = 150'000;
    if (session.server_version() >= narrow_publications) {
        const auto narrow = co_await session.query(narrow_publications_sql, oid);
        for (int row = 0; row < narrow.rows(); ++row)
            if (const auto part = std::ranges::find(shape.parts, narrow.text(row, 0), &table_part::name);
                part != shape.parts.end())
                part->narrow_publication = narrow.text(row, 1);
    }
    const auto rights = co_await session.query(rights_sql, oid);
    shape.role = rights.text(0, 0);
    shape.may_delete = rights.boolean(0, 1);
    shape.may_insert = rights.boolean(0, 2);
    co_return shape;
}

std::optional<async::error> shape_mistake(const table_shape& shape) {
    const auto& table = shape.parts.front().name;
    if (const auto* part = first_with(shape, [](const auto& each) { return each.kind == 'f'; }))
        return async::error(
            failure::precondition,
            fmt::format(
                "{}, which belongs to {}, is a foreign table: what is deleted there is committed apart "
                "from what is deleted here",
                part->name, table),
            "Archive it on its own server, or detach it.");
    const auto* heir = first_with(shape, [](const auto& each) { return each.inherits && each.own_columns; });
    if (heir == nullptr)
        heir = first_with(shape, [](const auto& each) { return each.inherits; });
    if (heir != nullptr)
        return async::error(
            failure::precondition,
            fmt::format("{} inherits from {}{}", heir->name, table,
                        heir->own_columns ? " and has columns of its own, which would be in no file"
                                          : ": its rows could not be put back where they were"),
            fmt::format(
                "Archive each table by itself, {} with ARCHIVE_TABLE and a folder of its own, and end "
                "the inheritance (ALTER TABLE {} NO INHERIT …), or make it a partition.",
                heir->name, heir->name));
    return std::nullopt;
}

std::optional<async::error> rule_mistake(const table_shape& shape) {
    if (const auto* part = first_with(shape, [](const auto& each) { return !each.delete_rules.empty(); }))
        return async::error(
            failure::precondition,
            fmt::format("{} has a rule on DELETE ({}), which does something else in its place or "
                        "beside it",
                        part->name, part->delete_rules),
            fmt::format("Drop the rule, or disable it: ALTER TABLE {} DISABLE RULE …;", part->name));
    return std::nullopt;
}

std::optional<async::error> publication_mistake(const table_shape& shape) {
    if (const auto* part =
            first_with(shape, [](const auto& each) { return !each.narrow_publication.empty(); }))
        return async::error(
            failure::precondition,
            fmt::format(
                "publication {} publishes deletes of {} by a row filter, or a list of columns, that does"
                " not fit its replica identity: the server refuses every DELETE",
                part->narrow_publication, part->name),
            fmt::format(
                "Let the replica identity have the columns of the filter, and the list those of the"
                " replica identity (ALTER TABLE {} REPLICA IDENTITY …; ALTER PUBLICATION {} SET TABLE …);"
                " or let it publish no deletes: SET (publish = 'insert, update').",
                part->name, part->narrow_publication));
    const auto* part = first_with(shape, [](const auto& each) { return !each.publication.empty(); });
    if (part == nullptr)
        return std::nullopt;
    return async::error(
        failure::precondition,
        fmt::format(
            "publication {} publishes deletes of {}, which has no replica identity: the server refuses "
            "every DELETE",
            part->publication, part->name),
        fmt::format("Give it a primary key, or ALTER TABLE {} REPLICA IDENTITY FULL;", part->name));
}

std::optional<async::error> missing_right(const table_shape& shape, bool granted,
                                          std::string_view privilege) {
    if (granted)
        return std::nullopt;
    const auto& table = shape.parts.front().name;
    return async::error(
        failure::refused,
        fmt::format("{} may not {} on {}: the privilege is missing", shape.role, privilege, table),
        fmt::format("GRANT {} ON {} TO {};", privilege, table, shape.role));
}

std::optional<async::error> unlogged_mistake(const table_shape& shape) {
    const auto* part = first_with(shape, [](const auto& each) { return each.unlogged; });
    if (part == nullptr)
        return std::nullopt;
    return async::error(
        failure::precondition,
        fmt::format(
            "{} is unlogged: a crash of the server empties it, and rows that were moved back would be "
            "nowhere",
            part->name),
        fmt::format("ALTER TABLE {} SET LOGGED; or restore with --into.", part->name));
}

void must_have_shape(const table_shape& shape) {
    check(shape_mistake(shape));
    check(rule_mistake(shape));
}

void must_be_deletable(const table_shape& shape, bool rows_deleted) {
    check(missing_right(shape, shape.may_delete, "DELETE"));
    if (rows_deleted)
        check(publication_mistake(shape));
}

void must_take_rows_back(const table_shape& shape) {
    check(shape_mistake(shape));
    check(unlogged_mistake(shape));
    check(missing_right(shape, shape.may_insert, "INSERT"));
}

} // namespace archive
