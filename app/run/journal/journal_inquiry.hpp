// The answers of `journal`, `journal cat` and `journal verify`. They only read, also while a server writes.
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

// Reads every event of every topic. The verdict has what could not be read.
[[nodiscard]] async::awaitable<std::vector<partition_verdict>> verify_journal(events::journal& log);

// Prints the events that exist when it begins, a line each. `printing`: a thread on which waiting for the
// reader of the output delays no other work.
[[nodiscard]] async::awaitable<void> print_events(events::journal& log, const journal_request& request,
                                                  async::helper_thread& printing);

} // namespace app
