// The advisory lock that keeps two runs over one table apart. It belongs to the transaction that took it.
// Tested by tests/fault/test_others_at_work.py.
#pragma once

#include "archive/settings.hpp"
#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>

namespace archive {

using async::awaitable;

// Shards of one table may run beside each other, but not beside a run over all of it. Two keys: the table's,
// shared by its shards, and the shard's own.
struct run_lock {
    run_lock(std::uint32_t table, const shard& part);

    std::string table_key;
    std::string shard_key;
    bool shared;
};

// Tried without waiting: the wait would be inside the snapshot. Outside of a transaction it only says
// whether the lock is free. False while another run is at work.
[[nodiscard]] awaitable<bool> try_lock(db::connection& session, const run_lock& lock);

} // namespace archive
