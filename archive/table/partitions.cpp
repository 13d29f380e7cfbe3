#include "archive/table/partitions.hpp"

#include "async/error.hpp"
#include "db/delete_effects.hpp"
#include "db/error.hpp"
#include "db/in_savepoint.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace archive {

namespace {

// PostgreSQL documentation, appendix A
constexpr std::string_view undefined_table = "42P01";
constexpr std::string_view dependent_objects_still_exist = "2BP01";

// DETACH and DROP pass by triggers, rules and policies of DELETE, which may be there to keep rows (a legal
// hold): where the partition c or the table has one, rows go by DELETE.
std::string nothing_listens() {
    return fmt::format(
        "NOT pg_catalog.row_security_active(c.oid) AND NOT pg_catalog.row_security_active($1::oid)"
        " AND NOT EXISTS (SELECT FROM pg_trigger WHERE NOT tgisinternal AND {}"
        "   AND tgrelid IN (SELECT pg_partition_ancestors(c.oid)::oid))"
        " AND NOT EXISTS (SELECT FROM pg_rewrite WHERE {}"
        "   AND ev_class IN (SELECT pg_partition_ancestors(c.oid)::oid))",
        db::is_trigger_on_delete, db::is_rule_on_delete);
}

// What depends on the table, its columns or its row type.
awaitable<std::string> dependants_of(db::connection& session, std::string_view name) {
    const auto found = co_await session.query(
        "SELECT pg_catalog.string_agg(DISTINCT pg_catalog.pg_describe_object(classid, objid, 0), ', ')"
        " FROM pg_catalog.pg_depend WHERE deptype = 'n' AND ("
        " refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND"
        " refobjid = $1::pg_catalog.regclass OR"
        " refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND"
        " refobjid = (SELECT reltype FROM pg_catalog.pg_class WHERE oid = $1::pg_catalog.regclass))",
        name);
    co_return found.is_null(0, 0) ? "something" : std::string(found.text(0, 0));
}

awaitable<void> drop(db::connection& session, std::string name) {
    const auto statement = fmt::format("DROP TABLE {}", name);
    const auto refused = co_await db::in_savepoint(session, session.execute(statement));
    if (!refused)
        co_return;
    if (refused->state() != dependent_objects_still_exist)
        throw db::error(*refused);
    const auto dependants = co_await dependants_of(session, name);
    throw async::error(
        async::failure::precondition,
        fmt::format("partition {} cannot be dropped: {} depends on it", name, dependants),
        "Drop that first, or set ARCHIVE_PARTITIONS to detach or delete. Nothing was deleted.");
}

// DETACH and DROP go by name, and the schema may have been renamed a moment before, and back since.
awaitable<void> must_be_gone_from(db::connection& session, std::string_view catalog, const partition& which) {
    const auto oid = std::to_string(which.oid);
    const std::array parameters{db::parameter(oid)};
    const auto left =
        co_await session.query(fmt::format("SELECT EXISTS (SELECT FROM {} = $1::oid)", catalog), parameters);
    if (left.boolean(0, 0))
        throw lake::conflict(fmt::format("the name {} went to another table meanwhile", which.name));
}

} // namespace

awaitable<std::vector<partition>> partitions_before(db::connection& session, const table_description& table,
                                                    std::string cutoff) {
    const std::string oid = std::to_string(table.named.oid);
    const std::array parameters{db::parameter(oid)};
    const auto key =
        co_await session.query("SELECT a.attname FROM pg_partitioned_table p JOIN pg_attribute a"
                               " ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]"
                               " WHERE p.partrelid = $1::oid AND p.partstrat = 'r' AND p.partnatts = 1",
                               parameters);
    if (key.rows() == 0 || db::connection::identifier(key.text(0, 0)) != table.time_column)
        throw async::error(
            async::failure::precondition,
            fmt::format("table {} is not partitioned by ranges of {}", table.name, table.time_column),
            "Leave ARCHIVE_PARTITIONS at `delete`.");
    // A range that ends in MAXVALUE has no quoted bound, and the default partition none at all.
    const auto sql = fmt::format(
        "SELECT name, upper::text, part FROM (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),"
        " substring(pg_get_expr(c.relpartbound, c.oid) FROM $$ TO \\('([^']*)'\\)$$)::{}, c.oid"
        " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = "
        "c.relnamespace"
        " WHERE i.inhparent = $1::oid AND c.relkind = 'r' AND {}{}) AS bounds (name, upper, part)"
        " WHERE upper <= ({}) ORDER BY upper",
        table.time_has_zone ? "timestamptz AT TIME ZONE 'UTC'" : "timestamp",
        // A DETACH CONCURRENTLY that was cancelled: no statement sees the partition, so none can remove it
        // either.
        session.server_version() >= 140000 ? "NOT i.inhdetachpending AND " : "", nothing_listens(), cutoff);
    const auto found = co_await session.query(sql, parameters);
    std::vector<partition> result;
    for (int row = 0; row < found.rows(); ++row)
        result.push_back({std::string(found.text(row, 0)), std::string(found.text(row, 1)),
                          static_cast<std::uint32_t>(found.integer(row, 2))});
    co_return result;
}

awaitable<void> lock_partitions(db::connection& session, std::vector<partition> which) {
    std::vector<std::string> names;
    for (const auto& each : which)
        names.push_back(each.name);
    if (names.empty())
        co_return;
    try {
        co_await session.execute(
            fmt::format("LOCK TABLE ONLY {} IN SHARE MODE", fmt::join(names, ", ONLY ")));
    } catch (const db::error& failed) {
        // Another session has removed partitions in between: look again.
        if (failed.state() == undefined_table || failed.state() == lock_not_available)
            throw lake::conflict(fmt::format("the old partitions could not be locked: {}", failed.what()));
        throw;
    }
}

awaitable<std::uint64_t> remove_partition(db::connection& session, const table_description& table,
                                          const selection& rows, partition which, partition_removal how) {
    const auto counted = co_await session.query(
        fmt::format("SELECT count(*), count(*) FILTER (WHERE {} AND tableoid = {}::oid) FROM ONLY {}",
                    where_clause(table, rows), which.oid, which.name));
    const auto all = static_cast<std::uint64_t>(counted.integer(0, 0));
    if (all == 0 || counted.integer(0, 0) != counted.integer(0, 1))
        co_return 0;
    co_await session.execute(fmt::format("ALTER TABLE {} DETACH PARTITION {}", table.name, which.name));
    co_await must_be_gone_from(session, "pg_inherits WHERE inhrelid", which);
    if (how == partition_removal::drop) {
        co_await drop(session, which.name);
        co_await must_be_gone_from(session, "pg_class WHERE oid", which);
    }
    co_return all;
}

} // namespace archive
