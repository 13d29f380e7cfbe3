// Puts tables of one schema in the place of those of another.
// Tested by tests/integration/test_rebuild_refusals.py and tests/fault/test_projection_kills.py.
#pragma once

#include "async/log.hpp"
#include "db/connection.hpp"
#include "events/projection/definition.hpp"

namespace events {

using async::awaitable;

// Within a transaction. Throws async::error(precondition), with names, where the schema that is rebuilt lacks
// a table, where something depends on an old table, or where a new table differs from the old one, as
// table_shape.hpp defines it.
[[nodiscard]] awaitable<void> must_be_free_to_swap(db::connection& session,
                                                   const projection_definition& which);

// Within a transaction, after must_be_free_to_swap. The new tables get the old ones' owner and privileges.
// The schema that was rebuilt goes. The old tables go too, or stay in a schema of their own, which is
// returned.
[[nodiscard]] awaitable<std::string> swap_tables(db::connection& session, const projection_definition& which,
                                                 bool keep_old_ones);

} // namespace events
