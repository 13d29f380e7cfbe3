// A partitioned table whose old partitions are archived whole: they are detached or dropped instead of having
// their rows deleted, which costs no write-ahead log, no dead rows and no vacuum.
// Tested by tests/integration/test_partitions.py.
#pragma once

#include "archive/settings.hpp"
#include "archive/table/selection.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

// The table's own partitions whose range ends at or before `cutoff`, an SQL expression of a timestamp in UTC;
// oldest first. Throws async::error(precondition) if the table is not partitioned by ranges of its time
// column.
[[nodiscard]] awaitable<std::vector<partition>>
partitions_before(db::connection& session, const table_description& table, std::string cutoff);

// Blocks writes to them until the transaction ends. Must be the first statement of a transaction: its
// snapshot then shows every row that will ever be in them, so that no row is missed, or dropped unseen.
[[nodiscard]] awaitable<void> lock_partitions(db::connection& session, std::vector<partition> which);

// Takes the partition away if every row in it is selected. Returns the number of its rows, or 0 if it did
// nothing. The caller's transaction holds the lock.
[[nodiscard]] awaitable<std::uint64_t> remove_partition(db::connection& session,
                                                        const table_description& table, const selection& rows,
                                                        partition which, partition_removal how);

} // namespace archive
