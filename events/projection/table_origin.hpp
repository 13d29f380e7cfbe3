// Which tables of a projection have rows that the journal cannot bring back.
// Tested by tests/integration/test_projection_rebuilds.py.
#pragma once

#include "db/connection.hpp"
#include "events/projection/control.hpp"

#include <string>
#include <vector>

namespace events {

using async::awaitable;

// The tables of the projection that a crash of the server empties, though not its position; empty: there are
// none. Also outside a transaction.
[[nodiscard]] awaitable<std::string> unlogged_tables(db::connection& session,
                                                     const projection_definition& which);

// The others are called within a transaction of ours.

// The tables of the projection that exist and have rows. A table that the role may not read counts.
[[nodiscard]] awaitable<std::vector<table_name>> tables_with_rows(db::connection& session,
                                                                  const projection_definition& which);

// Records of each table that is there and not recorded whether it had rows before the projection filled it.
// Nothing is recorded of one that had, if the projection has applied events: they may be its own.
[[nodiscard]] awaitable<void> note_origin(db::connection& session, const projection_definition& which,
                                          std::vector<table_name> had_rows);

// Records that the tables have only rows of events from now on: they were swapped or emptied.
[[nodiscard]] awaitable<void> note_only_events(db::connection& session, const projection_definition& which);

// A clause that names a table and says why its rows may be in no event of the journal; empty if nothing
// suggests that.
[[nodiscard]] awaitable<std::string> rows_without_events(db::connection& session,
                                                         const named_projection& which);

// The projection's tables that are there, as LOCK TABLE takes them; empty: none.
[[nodiscard]] awaitable<std::string> tables_to_lock(db::connection& session,
                                                    const projection_definition& which);

// Tables of which the one in the schema of the rebuild has fewer rows, with both numbers; empty: none. The
// caller has locked the live tables before the transaction's snapshot.
[[nodiscard]] awaitable<std::string> tables_that_shrink(db::connection& session,
                                                        const projection_definition& which);

} // namespace events
