// The end of a run's last transaction in a folder: nothing stays open, and no lease is left.
// Tested by tests/fault/test_lease.py.
#pragma once

#include "async/log.hpp"
#include "db/connection.hpp"
#include "db/transaction.hpp"
#include "lake/lease/folder_lease.hpp"

#include <functional>
#include <optional>

namespace lake {

// The references must outlive the call.
struct departure {
    folder_lease* lease; // to be released; null: no lease is held, or other runs may still need it
    db::connection& session;
    std::optional<db::transaction>& transaction; // begun before
    db::transaction_options options; // of the transaction that asks `is_alone`, if that one has ended
    // Takes, for the transaction, a lock that excludes all other runs on this server; false if one is at
    // work.
    std::function<awaitable<bool>()> is_alone;
    async::log& log;
};

// Releases the lease if no other run on this server works under it, so that another server need not wait for
// it to expire. Rolls the transaction back if it is open. A lease that cannot be released expires by itself,
// and a lost connection has no transaction: neither is an error, nor a stop that is requested meanwhile.
[[nodiscard]] awaitable<void> leave_folder(departure leaving);

} // namespace lake
