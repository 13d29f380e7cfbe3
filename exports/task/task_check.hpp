// Whether the server would take the statements of a task.
// Tested by tests/integration/test_check_aims.py.
#pragma once

#include "db/connection.hpp"
#include "exports/settings.hpp"
#include "exports/task/task.hpp"

namespace exports {

// Let the server plan select.sql, or delete.sql, in a transaction that reads only. Nothing of it runs, but
// names, types and privileges are checked. The task has no mistake. Throws async::error with the file's name.
[[nodiscard]] awaitable<void> plan_select(db::connection& session, const settings& exporting,
                                          const task& planned);
[[nodiscard]] awaitable<void> plan_delete(db::connection& session, const settings& exporting,
                                          const task& planned);

} // namespace exports
