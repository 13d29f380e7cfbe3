// The one way in which projections begin and end a transaction.
// Tested by tests/fault/test_projection_kills.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "db/transaction.hpp"

#include <cstdint>
#include <functional>
#include <string_view>

namespace events {

using async::awaitable;

// Returns true to commit, false to roll everything back.
using transaction_body = std::function<awaitable<bool>(db::connection&)>;

// What a cancellation does while the answer to COMMIT is awaited.
enum class commit_shield : std::uint8_t {
    shielded, // it is noticed when the outcome is known
    none,     // it ends the wait: for what is done again at the next start, whether it was committed or not
};

// Returns what the body returned. Rolls back and rethrows if the body throws. Throws db::error if the server
// did not commit; with outcome_unknown() if its answer was lost: then the position shows the outcome, or the
// work is done again. `point`: the fault point before COMMIT.
[[nodiscard]] awaitable<bool> in_transaction(db::connection& session, db::transaction_options options,
                                             transaction_body body, std::string_view point,
                                             commit_shield shield = commit_shield::shielded);

} // namespace events
