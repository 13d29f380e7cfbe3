// The one way to run something between BEGIN and the end of its transaction. What needs several transactions,
// or asks what became of COMMIT, holds a `transaction` itself.
// Tested by tests/unit/db/in_transaction_test.cpp and tests/fault/test_projection_kills.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "db/transaction.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>

namespace db {

// Returns true to commit, false to roll everything back.
using transaction_body = std::function<awaitable<bool>(connection&)>;

// What a cancellation does while the answer to COMMIT is awaited.
enum class commit_shield : std::uint8_t {
    shielded, // it is noticed when the outcome is known
    none,     // it ends the wait: for what is done again at the next start, whether it was committed or not
};

// Returns what the body returned. Rolls back and rethrows if the body throws. Throws db::error if the server
// did not commit; with outcome_unknown() if its answer was lost: then the rows that were written show the
// outcome, or the work is done again. `point`: the fault point before COMMIT.
[[nodiscard]] awaitable<bool> in_transaction(connection& session, transaction_options options,
                                             transaction_body body, std::string_view point,
                                             commit_shield shield = commit_shield::shielded);

// Awaits `reading` in a transaction that is rolled back behind it, also where it throws. Rethrows the first
// error.
[[nodiscard]] awaitable<void> read_in_transaction(connection& session, transaction_options options,
                                                  awaitable<void> reading);

namespace detail {

template <typename T>
awaitable<void> keep(awaitable<T> operation, std::optional<T>& result) {
    result.emplace(co_await std::move(operation));
}

} // namespace detail

template <typename T>
[[nodiscard]] awaitable<T> read_in_transaction(connection& session, transaction_options options,
                                               awaitable<T> reading) {
    std::optional<T> result;
    co_await read_in_transaction(session, std::move(options), detail::keep(std::move(reading), result));
    co_return std::move(*result);
}

} // namespace db
