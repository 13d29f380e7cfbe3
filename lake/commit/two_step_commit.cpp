#include "lake/commit/two_step_commit.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "db/committing.hpp"
#include "db/error.hpp"
#include "db/position.hpp"
#include "lake/lease/folder_lease.hpp"
#include "lake/lease/lease_proof.hpp"

#include <fmt/format.h>

namespace lake {

using async::failure;

namespace {

// The outcome of COMMIT. If it throws, COMMIT was not sent.
awaitable<db::commit_decision> announce_and_commit(commit_context& context, const commit_steps& steps,
                                                   db::transaction_mark& committing) {
    committing = co_await steps.announce();
    if (context.stop.requested())
        async::throw_cancelled();
    if (context.lease != nullptr)
        co_await prove_held(context.session, *context.lease);
    co_return co_await async::shielded(db::commit_or_ask(context.database, context.transaction, committing));
}

[[noreturn]] void throw_refusal(const db::transaction& transaction) {
    if (const auto& refusal = transaction.refusal())
        throw db::error(*refusal);
    throw async::error(failure::temporary, "the server rolled the transaction back at COMMIT");
}

} // namespace

awaitable<void> commit_in_two_steps(commit_context context, commit_steps steps) {
    db::transaction_mark committing;
    const auto ended = co_await async::outcome_of(announce_and_commit(context, steps, committing));
    const auto decision = ended.value.value_or(db::commit_decision::put_back);

    co_await async::ignoring_cancellation();
    std::exception_ptr left;
    if (decision == db::commit_decision::finalise)
        left = co_await async::caught(steps.finalise());
    else if (decision == db::commit_decision::put_back && steps.take_back)
        left = co_await async::caught(steps.take_back());
    co_await async::heeding_cancellation();
    if (left)
        std::rethrow_exception(left);
    if (decision == db::commit_decision::finalise)
        co_return;
    if (ended.failed)
        std::rethrow_exception(ended.failed);
    if (decision == db::commit_decision::put_back)
        throw_refusal(context.transaction);
    throw async::error(
        failure::temporary,
        fmt::format("the answer to COMMIT was lost, and the server cannot say what became of transaction {}",
                    committing.transaction),
        std::string(steps.in_doubt_hint));
}

} // namespace lake
