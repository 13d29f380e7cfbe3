#include "events/projection/in_transaction.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/deadline.hpp"
#include "async/fault_point.hpp"

#include <exception>

namespace events {

namespace {

// Null if it is committed.
awaitable<std::optional<db::error>> commit(db::transaction& open, commit_shield shield) {
    auto outcome = db::commit_outcome::in_doubt;
    const auto patience = async::deadline::after(db::commit_patience);
    if (shield == commit_shield::shielded)
        outcome = co_await async::shielded(open.commit(patience));
    else
        outcome = co_await open.commit(patience);
    if (outcome == db::commit_outcome::committed)
        co_return std::nullopt;
    auto refused = open.refusal().value_or(
        db::error(async::failure::temporary, "the transaction was rolled back", {}, open.session().usable()));
    if (outcome == db::commit_outcome::rolled_back)
        co_return refused;
    db::error unknown(async::failure::temporary, "the answer to COMMIT was lost: " + refused.message(), {},
                      false);
    unknown.set_outcome_unknown();
    co_return unknown;
}

} // namespace

awaitable<bool> in_transaction(db::connection& session, db::transaction_options options,
                               transaction_body body, std::string_view point, commit_shield shield) {
    auto open = co_await db::transaction::begin(session, std::move(options));
    auto done = co_await async::outcome_of(body(session));
    if (done.failed || !*done.value) {
        if (session.usable() && open.open())
            co_await open.rollback();
        if (done.failed)
            std::rethrow_exception(done.failed);
        co_return false;
    }
    async::fault_point(point);
    auto refused = co_await commit(open, shield);
    if (refused)
        throw std::move(*refused);
    co_return true;
}

} // namespace events
