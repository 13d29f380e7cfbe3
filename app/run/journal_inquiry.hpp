// What `journal`, `journal cat` and `journal verify` find. They only read, also while a server writes.
// Tested by tests/integration/test_journal_command.py.
#pragma once

#include "app/cli/event_requests.hpp"
#include "app/text/render_journal.hpp"
#include "async/asio.hpp"
#include "async/helper_thread.hpp"
#include "events/journal/journal.hpp"

#include <vector>

namespace app {

// Each throws journal_error or async::error.
[[nodiscard]] async::awaitable<std::vector<partition_facts>> look_at_journal(events::journal& log);

// Every event of every topic. What cannot be read is in the verdict.
[[nodiscard]] async::awaitable<std::vector<partition_verdict>> verify_journal(events::journal& log);

// Prints the events that there are when it begins, a line each. `printing`: where waiting for the reader of
// the output blocks nobody.
[[nodiscard]] async::awaitable<void> print_events(events::journal& log, const journal_request& request,
                                                  async::helper_thread& printing);

} // namespace app
