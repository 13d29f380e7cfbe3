// The rows of event_archiver's own tables when a rebuild takes the place of a projection. Each function but
// the last is called within the transaction of the swap.
// Tested by tests/integration/test_rebuild_refusals.py and tests/fault/test_projection_kills.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "events/projection/control.hpp"
#include "events/projection/definition.hpp"

#include <string>

namespace events {

using async::awaitable;

// Removes dead letters of `live` at `start` and behind it: the rebuild has met these events again. Those of
// another journal stay.
[[nodiscard]] awaitable<void> drop_letters_from(db::connection& session, position_key live, position start,
                                                std::string journal);

// The positions and dead letters of the rebuild, `temporary`, become those of `live`. What was paused stays
// so. Throws letter_of_another_event.
[[nodiscard]] awaitable<void> rename_rows(db::connection& session, std::string temporary, std::string live);

// Records that exactly the migrations of the definition have been applied to the new tables.
[[nodiscard]] awaitable<void> record_migrations(db::connection& session, const projection_definition& which);

// A transaction of its own: removes the rebuild's schema, position and dead letters, unless another rebuild
// has made the schema since.
[[nodiscard]] awaitable<void> discard_rebuild(db::connection& session, const projection_definition& which,
                                              std::string temporary, std::string schema_oid_of_it);

} // namespace events
