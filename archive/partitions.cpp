#include "archive/partitions.hpp"

#include "archive/conflict.hpp"
#include "async/error.hpp"
#include "db/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

namespace archive {

namespace {

constexpr std::string_view undefined_table = "42P01"; // PostgreSQL documentation, appendix A

// DETACH and DROP pass by triggers, rules and policies of DELETE, which may be there to keep rows (a legal
// hold): where the partition c or the table has one, rows go by DELETE.
constexpr std::string_view nothing_listens =
    "NOT pg_catalog.row_security_active(c.oid) AND NOT pg_catalog.row_security_active($1::oid)"
    " AND NOT EXISTS (SELECT FROM pg_trigger g WHERE NOT g.tgisinternal AND g.tgtype & 8 <> 0"
    "   AND g.tgenabled <> 'D' AND g.tgrelid IN (SELECT pg_partition_ancestors(c.oid)::oid))"
    " AND NOT EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_type = '4' AND w.ev_enabled <> 'D'"
    "   AND w.ev_class IN (SELECT pg_partition_ancestors(c.oid)::oid))";

} // namespace

awaitable<std::vector<partition>> partitions_before(db::connection& session, const table_description& table,
                                                    std::string cutoff) {
    const std::string oid = std::to_string(table.oid);
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
        "SELECT name, upper::text FROM (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname),"
        " substring(pg_get_expr(c.relpartbound, c.oid) FROM $$ TO \\('([^']*)'\\)$$)::{}"
        " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_namespace n ON n.oid = "
        "c.relnamespace"
        " WHERE i.inhparent = $1::oid AND c.relkind = 'r' AND {}) AS bounds (name, upper)"
        " WHERE upper <= ({}) ORDER BY upper",
        table.time_has_zone ? "timestamptz AT TIME ZONE 'UTC'" : "timestamp", nothing_listens, cutoff);
    const auto found = co_await session.query(sql, parameters);
    std::vector<partition> result;
    for (int row = 0; row < found.rows(); ++row)
        result.push_back({std::string(found.text(row, 0)), std::string(found.text(row, 1))});
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
        // Somebody who takes partitions away has come in between: to look again shows what is left.
        if (failed.state() == undefined_table || failed.state() == lock_not_available)
            throw conflict(fmt::format("the old partitions could not be locked: {}", failed.what()));
        throw;
    }
}

awaitable<std::uint64_t> remove_partition(db::connection& session, const table_description& table,
                                          const selection& rows, partition which, partition_removal how) {
    const auto counted = co_await session.query(fmt::format(
        "SELECT count(*), count(*) FILTER (WHERE {}) FROM ONLY {}", where_clause(table, rows), which.name));
    const auto all = static_cast<std::uint64_t>(counted.integer(0, 0));
    if (all == 0 || counted.integer(0, 0) != counted.integer(0, 1))
        co_return 0;
    co_await session.execute(fmt::format("ALTER TABLE {} DETACH PARTITION {}", table.name, which.name));
    if (how == partition_removal::drop)
        co_await session.execute(fmt::format("DROP TABLE {}", which.name));
    co_return all;
}

} // namespace archive
