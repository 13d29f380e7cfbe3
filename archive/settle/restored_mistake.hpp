// Rows of a restored file that were changed, or moved to another day, while they were back in the table: what
// ends `archive`, for `plan` and `check` to say it before.
// Tested by tests/fault/test_moved_keys.py.
#pragma once

#include "archive/settle/look_at_rows.hpp"
#include "db/position.hpp"
#include "lake/folder/file_map.hpp"

#include <optional>
#include <string>
#include <vector>

namespace archive {

// The transactions that moved rows of these files back into the table, each once.
[[nodiscard]] std::vector<db::transaction_mark>
restores_of(const std::vector<const lake::listed_file*>& restored);

// Whether the table has all rows of the file on their day still, as the restore inserted them: a row that was
// written to since, or moved, has another xmin. One restore inserts the rows of both files of a day, which
// are among `files`. False also where that is not known.
[[nodiscard]] awaitable<bool> has_all_restored(db::connection& session, const table_description& table,
                                               const db::server_position& position,
                                               const lake::listed_file& file, const lake::file_map& files);

// As look_at_rows. nullopt if the server cannot read keys of the file as keys of the table: its transaction
// has failed then.
[[nodiscard]] awaitable<std::optional<rows_of_file>>
look_at_readable_rows(lake::file_store& files, db::connection& session, const table_description& table,
                      const lake::listed_file& file, std::string where, std::optional<moved_search> moved);

// Why a restored file of which that was seen ends `archive`. Pure.
[[nodiscard]] std::optional<async::error> restored_mistake(const std::optional<rows_of_file>& seen,
                                                           const lake::listed_file& file,
                                                           const table_description& table);

} // namespace archive
