// The definition of a table: compares two tables, and copies properties from one to the other.
// Tested by tests/integration/test_projection_rebuilds.py.
#pragma once

#include "db/connection.hpp"
#include "events/projection/definition.hpp"

#include <string>
#include <vector>

namespace events {

using async::awaitable;

// All within a transaction of ours. Tables are given by their OIDs.

// Objects that depend on the old table and would lose it, with names: views, foreign keys, functions,
// publications, partitions, other tables' defaults. `old_tables` may depend on each other. Empty: there are
// none.
[[nodiscard]] awaitable<std::string> what_depends_on(db::connection& session, std::string old_one,
                                                     std::vector<std::string> old_tables);

// The differences between the new table and the old one, with names and both definitions: columns,
// constraints, indexes, statistics, triggers, policies, row level security, replica identity, parameters,
// comments, sequences. Names in `schemas` are the same wherever they are. Empty: they do not differ.
[[nodiscard]] awaitable<std::string> how_they_differ(db::connection& session, std::string old_one,
                                                     std::string new_one, std::vector<std::string> schemas);

// The new table and its sequences get the old ones' owner and privileges, no more and no less.
[[nodiscard]] awaitable<void> hand_over_privileges(db::connection& session, std::string old_one,
                                                   std::string new_one);

// The number of a table's parts: those that depend on something that is dropped go with it.
[[nodiscard]] awaitable<std::int64_t> parts_of(db::connection& session, std::string table);

} // namespace events
