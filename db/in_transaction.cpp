#include "db/in_transaction.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/deadline.hpp"
#include "async/fault_point.hpp"
#include "db/session_scope.hpp"

#include <exception>

namespace db {

namespace {

// Null if it is committed.
awaitable<std::optional<error>> commit(transaction& open, commit_shield shield) {
    auto outcome = commit_outcome::in_doubt;
    const auto patience = async::deadline::after(commit_patience);
    if (shield == commit_shield::shielded)
        outcome = co_await async::shielded(open.commit(patience));
    else
        outcome = co_await open.commit(patience);
    if (outcome == commit_outcome::committed)
        co_return std::nullopt;
    auto refused = open.refusal().value_or(
        error(async::failure::temporary, "the transaction was rolled back", {}, open.session().usable()));
    if (outcome == commit_outcome::rolled_back)
        co_return refused;
    error unknown(async::failure::temporary, "the answer to COMMIT was lost: " + refused.message(), {},
                  false);
    unknown.set_outcome_unknown();
    co_return unknown;
}

// Rethrows `failed` if there is such an error: it came first.
awaitable<void> end_without_commit(transaction& open, std::exception_ptr failed) {
    std::exception_ptr not_ended;
    if (open.session().usable() && open.open())
        not_ended = co_await async::caught(open.rollback());
    if (failed)
        std::rethrow_exception(failed);
    if (not_ended)
        std::rethrow_exception(not_ended);
}

} // namespace

awaitable<bool> in_transaction(connection& session, transaction_options options, transaction_body body,
                               std::string_view point, commit_shield shield) {
    auto open = co_await transaction::begin(session, std::move(options));
    auto done = co_await async::outcome_of(body(session));
    if (done.failed || !*done.value) {
        co_await end_without_commit(open, done.failed);
        co_return false;
    }
    async::fault_point(point);
    auto refused = co_await commit(open, shield);
    if (refused)
        throw std::move(*refused);
    co_return true;
}

awaitable<void> read_in_transaction(connection& session, transaction_options options,
                                    awaitable<void> reading) {
    auto open = co_await transaction::begin(session, std::move(options));
    const auto failed = co_await async::caught(std::move(reading));
    co_await end_without_commit(open, failed);
}

} // namespace db
