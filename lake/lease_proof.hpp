// The last look at the lease before COMMIT.
// Tested by tests/fault/test_lease.py.
#pragma once

#include "db/connection.hpp"
#include "lake/folder_lease.hpp"

#include <chrono>

namespace lake {

// A session that is idle between the proof of the lease and COMMIT is ended by the server after this.
inline constexpr std::chrono::seconds proof_counts_for{10};

// Proves that the lease is held, to be followed by COMMIT at once: a process that is stopped in between finds
// its session ended by the server before the lease can have expired. Throws as `renew`, or what the storage
// service answers.
[[nodiscard]] awaitable<void> prove_held(db::connection& session, folder_lease& lease);

} // namespace lake
