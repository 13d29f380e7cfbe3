#include "events/projection/swap_tables.hpp"

#include "async/error.hpp"
#include "events/projection/control.hpp"

#include <fmt/format.h>

#include <optional>
#include <vector>

namespace events {

namespace {

using async::failure;

// All within a transaction of ours: names are found in pg_catalog alone.

struct table_pair {
    table_name name;
    std::string old_one; // OIDs; empty if there is no such table
    std::string new_one;
};

awaitable<std::string> oid_of(db::connection& session, std::string schema, std::string table) {
    const auto found = co_await session.query(
        "SELECT c.oid::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = $1::name AND c.relname = $2::name AND c.relkind IN ('r', 'p')",
        schema, table);
    co_return found.rows() == 0 ? std::string() : std::string(found.text(0, 0));
}

awaitable<std::vector<table_pair>> pairs_of(db::connection& session, const projection_definition& which) {
    std::vector<table_pair> pairs;
    for (const auto& each : which.settings.tables) {
        table_pair made;
        made.name = each;
        made.old_one = co_await oid_of(session, each.schema, each.table);
        made.new_one = co_await oid_of(session, rebuild_schema(which), each.table);
        if (made.new_one.empty())
            throw async::error(
                failure::precondition,
                fmt::format("the migrations of projection '{}' make no table '{}' in a schema of their own",
                            which.name, each.table),
                "Let migrations name tables without a schema, and let `tables` list what they make.");
        pairs.push_back(std::move(made));
    }
    co_return pairs;
}

// What hangs on the old table $1 and would hang on nothing, or is not there for the new table $2. $3: the
// OIDs of all old tables, which may hang on each other.
constexpr std::string_view hanging_query = R"sql(
SELECT string_agg(what, ', ' ORDER BY what) FROM (
    SELECT DISTINCT CASE v.relkind WHEN 'm' THEN 'materialized view ' WHEN 'v' THEN 'view ' ELSE 'rule on ' END
        || v.oid::regclass::text AS what
    FROM pg_depend d JOIN pg_rewrite r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
        JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid
  UNION
    SELECT 'foreign key ' || quote_ident(c.conname) || ' of ' || c.conrelid::regclass::text FROM pg_constraint c
    WHERE c.contype = 'f' AND c.confrelid = $1::oid AND c.conrelid <> ALL ($3::oid[])
  UNION
    SELECT 'function ' || d.objid::regprocedure::text FROM pg_depend d
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = $1::oid
  UNION
    SELECT 'partition or child ' || i.inhrelid::regclass::text FROM pg_inherits i WHERE i.inhparent = $1::oid
  UNION
    SELECT 'parent ' || i.inhparent::regclass::text FROM pg_inherits i WHERE i.inhrelid = $1::oid
  UNION
    SELECT 'publication ' || quote_ident(p.pubname) FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
    WHERE r.prrelid = $1::oid
  UNION
    SELECT 'trigger ' || quote_ident(t.tgname) FROM pg_trigger t WHERE t.tgrelid = $1::oid AND NOT t.tgisinternal
        AND NOT EXISTS (SELECT FROM pg_trigger n WHERE n.tgrelid = $2::oid AND n.tgname = t.tgname)
  UNION
    SELECT 'policy ' || quote_ident(p.polname) FROM pg_policy p WHERE p.polrelid = $1::oid
        AND NOT EXISTS (SELECT FROM pg_policy n WHERE n.polrelid = $2::oid AND n.polname = p.polname)
  UNION
    SELECT 'row level security' FROM pg_class o, pg_class n WHERE o.oid = $1::oid AND n.oid = $2::oid
        AND (o.relrowsecurity AND NOT n.relrowsecurity OR o.relforcerowsecurity AND NOT n.relforcerowsecurity)
  UNION
    SELECT 'index ' || quote_ident(c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indrelid = $1::oid AND NOT EXISTS (SELECT FROM pg_index j JOIN pg_class n ON n.oid = j.indexrelid
        WHERE j.indrelid = $2::oid AND n.relname = c.relname)
  UNION
    SELECT 'column ' || quote_ident(a.attname) FROM pg_attribute a
    WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
        AND NOT EXISTS (SELECT FROM pg_attribute n WHERE n.attrelid = $2::oid AND n.attname = a.attname
            AND NOT n.attisdropped)
  UNION
    SELECT 'constraint ' || quote_ident(c.conname) FROM pg_constraint c WHERE c.conrelid = $1::oid
        AND NOT EXISTS (SELECT FROM pg_constraint n WHERE n.conrelid = $2::oid AND n.conname = c.conname)
) AS hanging
)sql";

// The statements that give the new table ($2, of schema $3 and name $4) what the old one ($1) grants.
constexpr std::string_view grants_query = R"sql(
SELECT string_agg(statement, '; ') FROM (
    SELECT format('ALTER TABLE %I.%I OWNER TO %I', $3::text, $4::text, r.rolname) AS statement
    FROM pg_class o JOIN pg_roles r ON r.oid = o.relowner, pg_class n
    WHERE o.oid = $1::oid AND n.oid = $2::oid AND o.relowner <> n.relowner
  UNION ALL
    SELECT format('GRANT %s ON %I.%I TO %s%s', a.privilege_type, $3::text, $4::text,
        CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
        CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_class o, aclexplode(o.relacl) a WHERE o.oid = $1::oid AND a.grantee <> o.relowner
  UNION ALL
    SELECT format('GRANT %s (%I) ON %I.%I TO %s%s', a.privilege_type, c.attname, $3::text, $4::text,
        CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
        CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
    FROM pg_attribute c, aclexplode(c.attacl) a WHERE c.attrelid = $1::oid AND NOT c.attisdropped
) AS statements
)sql";

// How many parts a table has: what hangs on something in the schema that goes would go with it.
constexpr std::string_view parts_query = R"sql(
SELECT (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = $1::oid AND NOT a.attisdropped)
    + (SELECT count(*) FROM pg_attrdef d WHERE d.adrelid = $1::oid)
    + (SELECT count(*) FROM pg_constraint c WHERE c.conrelid = $1::oid)
    + (SELECT count(*) FROM pg_trigger t WHERE t.tgrelid = $1::oid)
    + (SELECT count(*) FROM pg_index i WHERE i.indrelid = $1::oid)
    + (SELECT count(*) FROM pg_policy p WHERE p.polrelid = $1::oid)
)sql";

awaitable<std::int64_t> parts_of(db::connection& session, std::vector<table_pair> pairs) {
    std::int64_t all = 0;
    for (const auto& each : pairs) {
        const auto found = co_await session.query(parts_query, each.new_one);
        all += found.integer(0, 0);
    }
    co_return all;
}

std::string old_oids(const std::vector<table_pair>& pairs) {
    std::string array = "{";
    for (const auto& each : pairs)
        if (!each.old_one.empty())
            array += (array.size() == 1 ? "" : ",") + each.old_one;
    return array + "}";
}

awaitable<void> swap_one(db::connection& session, const projection_definition& which, table_pair pair,
                         std::string parking) {
    const auto schema = db::connection::identifier(pair.name.schema);
    const auto table = db::connection::identifier(pair.name.table);
    if (!pair.old_one.empty())
        co_await session.execute(fmt::format("ALTER TABLE {}.{} SET SCHEMA {}", schema, table,
                                             db::connection::identifier(parking)));
    co_await session.execute(fmt::format("ALTER TABLE {}.{} SET SCHEMA {}",
                                         db::connection::identifier(rebuild_schema(which)), table, schema));
    if (pair.old_one.empty())
        co_return;
    const auto grants =
        co_await session.query(grants_query, pair.old_one, pair.new_one, pair.name.schema, pair.name.table);
    if (!grants.is_null(0, 0))
        co_await session.execute(grants.text(0, 0));
}

} // namespace

awaitable<void> must_be_free_to_swap(db::connection& session, const projection_definition& which) {
    const auto pairs = co_await pairs_of(session, which);
    const auto all = old_oids(pairs);
    for (const auto& each : pairs) {
        if (each.old_one.empty())
            continue;
        const auto found = co_await session.query(hanging_query, each.old_one, each.new_one, all);
        if (!found.is_null(0, 0))
            throw async::error(
                failure::precondition,
                fmt::format("the table {} cannot be swapped, because the new one would lack: {}",
                            each.name.shown(), found.text(0, 0)),
                "Drop what depends on the table and create it again afterwards, or create it in a migration; "
                "`projections replay` needs no swap.");
    }
}

awaitable<std::string> swap_tables(db::connection& session, const projection_definition& which) {
    const auto pairs = co_await pairs_of(session, which);
    const bool keeps = which.settings.replay == replay_policy::keep;
    const auto parking = "ea_replaced_" + which.name;
    const auto before = co_await parts_of(session, pairs);
    co_await session.execute(fmt::format("DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}",
                                         db::connection::identifier(parking)));
    bool parked = false;
    for (const auto& each : pairs) {
        co_await swap_one(session, which, each, parking);
        parked = parked || !each.old_one.empty();
    }
    co_await session.execute(
        fmt::format("DROP SCHEMA {} CASCADE", db::connection::identifier(rebuild_schema(which))));
    if (!keeps || !parked)
        co_await session.execute(fmt::format("DROP SCHEMA {} CASCADE", db::connection::identifier(parking)));
    const auto after = co_await parts_of(session, pairs);
    if (before != after)
        throw async::error(
            failure::precondition,
            fmt::format("the new tables of projection '{}' depend on something else that its migrations make",
                        which.name),
            "For example a type or a function. `projections replay` creates the tables again in place.");
    co_return keeps&& parked ? parking : std::string();
}

} // namespace events
