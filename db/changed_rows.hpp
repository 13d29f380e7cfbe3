// What a transaction has changed, as the server counted it; not what a command tag says. PostgreSQL counts
// for each relation the rows that were inserted, updated and deleted, whatever did it: the statement itself,
// a foreign key's action, a trigger or a rule.
#pragma once

#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace db {

// A partition counts for itself; `root` is the partitioned table at the top, or the relation itself.
struct relation_changes {
    std::uint32_t oid = 0;
    std::uint32_t root = 0;
    std::string table; // of `root`: quoted and qualified
    std::uint64_t inserted = 0;
    std::uint64_t updated = 0;
    std::uint64_t deleted = 0;
    bool operator==(const relation_changes&) const = default;
};

// The counters at one time. They go on from transaction to transaction of a session, and a pooler's session
// has seen others: only a difference has a meaning.
struct change_counters {
    bool counting = false; // track_counts
    std::string storage;   // a digest of which tables there are and where each keeps its rows
    std::vector<relation_changes> relations; // those with any count, by oid
};

struct changed_rows {
    bool measured = false; // false: the server does not count (track_counts is off)
    // A table was truncated, rewritten or dropped: that counts no rows.
    bool storage_changed = false;
    std::vector<relation_changes> relations; // those that changed, by oid
};

// Counts of permanent and unlogged tables and of large objects. Temporary tables and TOAST are left out: the
// first end with the session, the second belong to their table. So are materialised views, which hold nothing
// that is not elsewhere. What reaches beyond the database (dblink, foreign tables) is counted nowhere.
[[nodiscard]] awaitable<change_counters> read_change_counters(connection& session);

// What happened between two readings in one transaction. Rows that a rolled back subtransaction touched are
// counted too.
[[nodiscard]] changed_rows difference(const change_counters& before, const change_counters& after);

// The same by root: partitions of one table added up.
[[nodiscard]] std::vector<relation_changes> by_root(const std::vector<relation_changes>& changes);

} // namespace db
