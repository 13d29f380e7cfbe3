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

// Whether the table has all rows that the restore inserted on the file's day still, the rows of the file
// among them: a row that was written to since, or moved, has another xmin. The mark knows how many there
// were; the folder does not, because a file of the other kind may be gone since. False also where it is not
// known.
[[nodiscard]] awaitable<bool> has_all_restored(db::connection& session, const table_description& table,
                                               const db::server_position& position,
                                               const lake::listed_file& file);

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
