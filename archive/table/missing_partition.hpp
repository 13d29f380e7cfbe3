// A partitioned table from which partitions have been dropped or detached has no place for rows of their
// days.
// Tested by tests/integration/test_restore.py.
#pragma once

#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "lake/day.hpp"

#include <string>

namespace archive {

// Rows of `rows`, a FROM item with the table's columns by name, that no partition takes.
[[nodiscard]] awaitable<std::uint64_t>
rows_without_partition(db::connection& session, const table_description& table, std::string rows);

// CREATE TABLE … PARTITION OF …: a partition for that day, as wide as its neighbours are. Empty where the
// table is not partitioned by ranges of its time column alone, or another partition is in the way.
[[nodiscard]] awaitable<std::string> partition_ddl(db::connection& session, const table_description& table,
                                                   lake::day which);

} // namespace archive
