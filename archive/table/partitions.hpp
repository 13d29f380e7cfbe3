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

// Keeps everybody from writing to them until the transaction ends. Must be the first statement of a
// transaction: its snapshot then shows all there will ever be in them, and a row can neither be missed nor be
// dropped unseen.
[[nodiscard]] awaitable<void> lock_partitions(db::connection& session, std::vector<partition> which);

// Takes the partition away if every row in it is selected; its rows, or 0 and nothing done. The caller's
// transaction holds the lock.
[[nodiscard]] awaitable<std::uint64_t> remove_partition(db::connection& session,
                                                        const table_description& table, const selection& rows,
                                                        partition which, partition_removal how);

} // namespace archive
