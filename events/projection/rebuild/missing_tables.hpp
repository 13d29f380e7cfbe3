// Tables of a projection that are not there before a replay.
// Tested by tests/integration/test_replays.py.
#pragma once

#include "db/connection.hpp"
#include "events/projection/definition.hpp"

#include <string>

namespace events {

using async::awaitable;

// The first of its tables that is not there, quoted; empty: all are.
[[nodiscard]] awaitable<std::string> missing_table(db::connection& session,
                                                   const projection_definition& which);

// Within a transaction. A table that is missing is that of a new file, or it was lost with what older files
// made: then all files are applied again. Does nothing where no table is missing. Throws
// async::error(precondition) where the files make tables that are there.
[[nodiscard]] awaitable<void> make_missing_tables(db::connection& session,
                                                  const projection_definition& which);

} // namespace events
