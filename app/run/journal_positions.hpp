// Whether a journal is the one that the positions in PostgreSQL speak of: it may read whole, and be another.
// Tested by tests/integration/test_journal_positions.py.
#pragma once

#include "app/text/render_journal.hpp"
#include "async/asio.hpp"
#include "db/connection.hpp"
#include "events/journal/journal.hpp"

#include <set>
#include <string>
#include <vector>

namespace app {

// Adds to what `journal verify` found: a partition that a position does not fit, and a topic that is not
// there although events of it were applied. Only positions of the names in `which` count: those of another
// group may speak of a journal that was given up. What was found before stays. Throws db::error,
// journal_error.
[[nodiscard]] async::awaitable<void> compare_with_positions(db::connection& session, events::journal& log,
                                                            std::set<std::string> which,
                                                            std::vector<partition_verdict>& found);

} // namespace app
