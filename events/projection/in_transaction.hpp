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

// Returns whether to commit; else all of it is rolled back.
using transaction_body = std::function<awaitable<bool>(db::connection&)>;

// What a cancellation does while COMMIT is on its way.
enum class commit_shield : std::uint8_t {
    shielded, // it is noticed when the outcome is known
    none,     // it ends the wait: for what is done again at the next start, whether it was committed or not
};

// Returns what the body returned. Rolls back where the body throws, and throws the same. Throws db::error
// where the server did not commit; with outcome_unknown() where its answer was lost: then the position tells,
// or the work is done again. `point`: the fault point before COMMIT.
[[nodiscard]] awaitable<bool> in_transaction(db::connection& session, db::transaction_options options,
                                             transaction_body body, std::string_view point,
                                             commit_shield shield = commit_shield::shielded);

} // namespace events
