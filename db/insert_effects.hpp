// What restoring rows changed beyond those rows, and whether that is allowed.
// Tested by tests/integration/test_restore_effects.py.
#pragma once

#include "db/side_effects.hpp"

namespace db {

// What changed beyond `rows` inserted rows of the table; nullopt if the counters do not show those rows: the
// table is a foreign table, or the server does not count.
[[nodiscard]] std::optional<std::vector<side_effect>> beyond_inserts(const changed_rows& changed,
                                                                     std::uint32_t root, std::uint64_t rows);

// Throws async::error(precondition) for changes that are not allowed, with tables, numbers of rows and
// triggers; returns those that are. `before` was read before the first INSERT, and all constraints have been
// checked since.
[[nodiscard]] awaitable<std::vector<side_effect>>
look_at_inserts(connection& session, delete_watch watch, const change_counters& before, std::uint64_t rows);

} // namespace db
