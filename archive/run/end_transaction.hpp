// The end of a transaction that does not commit.
// Tested by tests/fault/test_lease.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"
#include "async/deadline.hpp"
#include "lake/lease/folder_lease.hpp"

#include <cstdint>

namespace archive {

// Whether another attempt of the run follows.
enum class attempts_left : std::uint8_t { none, more };

// Ends an attempt: its transaction is no longer open. If it was the last one and no other run on this server
// works in the folder, releases the folder's lease, so that another server need not wait for it to expire.
[[nodiscard]] awaitable<void> leave(const run_context& context, lake::folder_lease& lease,
                                    run_transaction& opened, attempts_left left);

// ROLLBACK, before files are put back. A connection that is lost meanwhile is a warning: the server rolls
// back by itself.
[[nodiscard]] awaitable<void> roll_back_by(const run_context& context, run_transaction& opened,
                                           async::deadline deadline);

} // namespace archive
