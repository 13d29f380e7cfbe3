// A table as the user names it, found once by the session's own search_path; from then on it goes by its oid
// and by its full name, and is locked before anything is read.
// Tested by tests/fault/test_rewriting.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

using async::awaitable;

struct named_table {
    std::uint32_t oid = 0;
    std::string schema;         // raw, as the catalog has it
    std::string relation;       // raw
    bool is_table = true;       // plain or partitioned; not a view, a sequence, a foreign table
    bool may_select_all = true; // SELECT on the table, not only on columns of it

    [[nodiscard]] std::string sql() const;  // qualified and quoted
    [[nodiscard]] std::string text() const; // for people: quoted only where it must be
    [[nodiscard]] std::string in_mark() const;
};

// Before a transaction: in one, names are looked up in pg_catalog alone. Does not wait for a lock on the
// table. `named_by`: the setting or flag, for the hint. Throws async::error(precondition) if no table has
// that name.
[[nodiscard]] awaitable<named_table> resolve_table(db::connection& session, std::string_view text,
                                                   std::string_view named_by = "ARCHIVE_TABLE");
// Throws async::error(precondition) for a view, a sequence, a foreign table.
void must_be_table(const named_table& table, std::string_view named_by);
// As resolve_table; nothing found has oid 0, and it may be a view.
[[nodiscard]] awaitable<named_table> look_for_table(db::connection& session, std::string_view text);

// The schema and name that a table of this name gets that is made now; oid 0. Before a transaction.
[[nodiscard]] awaitable<named_table> name_of_new_table(db::connection& session, std::string_view text);

// The first statement of a transaction. LOCK TABLE takes no snapshot, so the table is not rewritten (CLUSTER,
// VACUUM FULL, pg_repack, ALTER TABLE) between the snapshot and the transaction's end. Partitions and
// children are locked with it. Throws db::error 55P03 if the transaction's lock_timeout passes.
[[nodiscard]] awaitable<void> lock_table(db::connection& session, const named_table& table);
// For a session that reads beside one that holds the lock: throws lake::conflict if another session waits for
// an exclusive lock: it waits for the session with the lock, which waits for this one.
[[nodiscard]] awaitable<void> lock_table_at_once(db::connection& session, const named_table& table);

// LOCK TABLE goes by name, and ALTER SCHEMA … RENAME gives a name to another table without waiting for a
// lock. Throws lake::conflict unless this transaction holds the lock of `lock_table` on this table, and SHARE
// on `partitions`.
[[nodiscard]] awaitable<void> must_have_locked(db::connection& session, const named_table& table,
                                               std::vector<std::uint32_t> partitions = {});
// Where rows are missing that were seen before: throws lake::conflict if the name belongs to another table by
// now.
[[nodiscard]] awaitable<void> must_still_be_named(db::connection& session, const named_table& table);

// "pid 4711 (user cron, application psql)": the session that has the table or a part of it locked against us,
// or waits to have it; empty if none is seen.
[[nodiscard]] awaitable<std::string> sessions_against(db::connection& session, const named_table& table);

inline constexpr std::string_view lock_not_available = "55P03"; // PostgreSQL documentation, appendix A

} // namespace archive
