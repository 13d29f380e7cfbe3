// Whether rows may go into a table, asked before the first file is read.
// Tested by tests/integration/test_restore.py.
#pragma once

#include "archive/table/table.hpp"
#include "db/connection.hpp"

namespace archive {

enum class restore_target : std::uint8_t { the_table_itself, another_table };

// Throws async::error: refused, with the GRANT, where the role may not insert; precondition for an unlogged
// table that the archive would give its rows to, as a crash empties it.
[[nodiscard]] awaitable<void> must_be_insertable(db::connection& session, const table_description& table,
                                                 restore_target kind);

} // namespace archive
