// The last look at the lease before COMMIT.
// Tested by tests/fault/test_lease.py.
#pragma once

#include "db/connection.hpp"
#include "lake/lease/folder_lease.hpp"

#include <chrono>

namespace lake {

// The server ends a session that is idle for this long between the proof of the lease and COMMIT.
inline constexpr std::chrono::seconds proof_counts_for{10};

// Proves that the lease is held, to be followed by COMMIT at once: a process that is stopped in between finds
// its session ended by the server before the lease can have expired. Throws as folder_lease::renew does, or
// the storage service's error.
[[nodiscard]] awaitable<void> prove_held(db::connection& session, folder_lease& lease);

} // namespace lake
