#include "db/changed_rows.hpp"

#include <algorithm>
#include <map>

namespace db {

namespace {

// The functions are those of which pg_stat_xact_all_tables is made. 2613 and 2995 are pg_largeobject and
// pg_largeobject_metadata, whose rows a trigger can remove (lo_unlink).
constexpr std::string_view counted =
    "SELECT c.oid, r.oid, pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(r.relname),"
    " c.ins, c.upd, c.del"
    " FROM (SELECT oid, coalesce(pg_catalog.pg_partition_root(oid)::oid, oid) AS root,"
    "              pg_catalog.pg_stat_get_xact_tuples_inserted(oid) AS ins,"
    "              pg_catalog.pg_stat_get_xact_tuples_updated(oid) AS upd,"
    "              pg_catalog.pg_stat_get_xact_tuples_deleted(oid) AS del"
    "       FROM pg_catalog.pg_class WHERE relkind = 'r' AND relpersistence <> 't'"
    "        AND (relnamespace <> 'pg_catalog'::pg_catalog.regnamespace OR oid IN (2613, 2995))) AS c"
    " JOIN pg_catalog.pg_class r ON r.oid = c.root JOIN pg_catalog.pg_namespace n ON n.oid = r.relnamespace"
    " WHERE c.ins + c.upd + c.del > 0 ORDER BY c.oid";

// TRUNCATE gives a table a new file, and counts none of its rows; DROP COLUMN leaves a mark where the column
// was. A table that this transaction has made is left out: its first file has its own number.
constexpr std::string_view stored =
    "SELECT pg_catalog.current_setting('track_counts'),"
    " coalesce(sum(pg_catalog.hashint8extended((oid::bigint << 32) | relfilenode::bigint, 0)::numeric"
    " + (SELECT count(*) FROM pg_catalog.pg_attribute a"
    "    WHERE a.attrelid = pg_class.oid AND a.attnum > 0 AND a.attisdropped)), 0)"
    " FROM pg_catalog.pg_class WHERE relkind = 'r' AND relpersistence <> 't'"
    " AND relnamespace <> 'pg_catalog'::pg_catalog.regnamespace"
    " AND NOT (relfilenode = oid AND pg_catalog.pg_current_xact_id_if_assigned() IS NOT NULL"
    "          AND pg_catalog.age(xmin) <= 0)";

std::uint64_t count_of(const result& rows, int row, int column) {
    return static_cast<std::uint64_t>(rows.integer(row, column));
}

} // namespace

awaitable<change_counters> read_change_counters(connection& session) {
    change_counters seen;
    const auto whole = co_await session.query(stored);
    seen.counting = whole.text(0, 0) == "on";
    seen.storage = whole.text(0, 1);
    const auto found = co_await session.query(counted);
    for (int row = 0; row < found.rows(); ++row)
        seen.relations.push_back({static_cast<std::uint32_t>(found.integer(row, 0)),
                                  static_cast<std::uint32_t>(found.integer(row, 1)),
                                  std::string(found.text(row, 2)), count_of(found, row, 3),
                                  count_of(found, row, 4), count_of(found, row, 5)});
    co_return seen;
}

changed_rows difference(const change_counters& before, const change_counters& after) {
    changed_rows changed;
    changed.measured = before.counting && after.counting;
    changed.storage_changed = before.storage != after.storage;
    for (auto each : after.relations) {
        const auto earlier = std::ranges::find(before.relations, each.oid, &relation_changes::oid);
        if (earlier != before.relations.end()) {
            each.inserted -= earlier->inserted;
            each.updated -= earlier->updated;
            each.deleted -= earlier->deleted;
        }
        if (each.inserted != 0 || each.updated != 0 || each.deleted != 0)
            changed.relations.push_back(std::move(each));
    }
    return changed;
}

std::vector<relation_changes> by_root(const std::vector<relation_changes>& changes) {
    std::map<std::uint32_t, relation_changes> roots;
    for (const auto& each : changes) {
        auto& whole = roots[each.root];
        whole.oid = whole.root = each.root;
        whole.table = each.table;
        whole.inserted += each.inserted;
        whole.updated += each.updated;
        whole.deleted += each.deleted;
    }
    std::vector<relation_changes> result;
    for (auto& [oid, whole] : roots)
        result.push_back(std::move(whole));
    return result;
}

} // namespace db
