// Tables of one schema in the place of those of another.
// Tested by tests/integration/test_projections.py and tests/fault/test_projection_kills.py.
#pragma once

#include "async/log.hpp"
#include "db/connection.hpp"
#include "events/projection/definition.hpp"

namespace events {

using async::awaitable;

// Within a transaction. Throws async::error(precondition), with names, where the schema that is rebuilt lacks
// a table, or where something that was made for an old table is not made for the new one: views, foreign
// keys, functions, triggers, policies, indexes, publications, partitions.
[[nodiscard]] awaitable<void> must_be_free_to_swap(db::connection& session,
                                                   const projection_definition& which);

// Within a transaction, after must_be_free_to_swap. The new tables get the old ones' owner and grants. The
// schema that was rebuilt goes, with the old tables in it, if the projection's `replay` empties its tables;
// else the old tables stay in a schema of their own, which is returned.
[[nodiscard]] awaitable<std::string> swap_tables(db::connection& session, const projection_definition& which);

} // namespace events
