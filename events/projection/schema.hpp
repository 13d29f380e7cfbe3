// What the engine keeps in the database: the tables of the schema event_archiver, and the migrations of
// projections.
// Tested by tests/unit/events/projection/follow/engine_test.cpp.
#pragma once

#include "db/session_scope.hpp"
#include "events/projection/definition.hpp"

#include <string>

namespace events {

using async::awaitable;

// Makes the schema event_archiver and its tables if they are not there; one process at a time, so any number
// may do it at once. Throws async::error(refused), with the GRANT, where the role may not.
[[nodiscard]] awaitable<void> make_schema(db::connection& session, async::log& log);

// Whether any process has made the table of positions.
[[nodiscard]] awaitable<bool> has_position_table(db::connection& session);

// Applies the migrations that are not recorded, in their order, each in a transaction with its record; needs
// the schema. Returns how many. Throws async::error(precondition) for one that was changed after it had been
// applied; db::error, with the file, for one that fails.
[[nodiscard]] awaitable<std::size_t> migrate(db::connection& session, const projection_definition& which,
                                             async::log& log);

// Within a transaction, as its first statement: until its end no other process makes or empties tables of
// projections, and no event is removed from a journal. Unlike a query it takes no snapshot.
[[nodiscard]] awaitable<void> lock_tables_of_projections(db::connection& session);

// Within a transaction: the migrations that are not recorded. Throws as `migrate` does.
[[nodiscard]] awaitable<void> migrate_within(db::connection& session, const projection_definition& which);
// Within a transaction: all migrations, also those that have been applied, because a table is gone. Throws as
// `migrate` does.
[[nodiscard]] awaitable<void> migrate_again(db::connection& session, const projection_definition& which);

// The statement that lets names be found in the schemas of the projection's tables, then in public; in
// `first` before all, unless it is empty.
[[nodiscard]] std::string search_path_statement(const projection_definition& which,
                                                const std::string& first = {});

// The OID of a schema; empty if no schema has the name. Sees what is committed now, whatever the
// transaction's snapshot.
[[nodiscard]] awaitable<std::string> schema_oid(db::connection& session, std::string schema);

} // namespace events
