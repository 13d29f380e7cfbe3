#include "archive/run/archive/archive_commit.hpp"

#include "archive/run/archive/prove.hpp"
#include "archive/run/end_transaction.hpp"
#include "archive/run/run_effects.hpp"
#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/fault_point.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"

#include <utility>

namespace archive {

using async::fault_point;

archive_commit::archive_commit(const run_context& context, run_tools& tools, archive_transaction& work)
    : context_(context)
    , tools_(tools)
    , work_(work)
    , files_(work.tails(),
             {tools.publisher, context.log, context.stop, context.report, context.settings.parallel},
             {[&tools] { tools.lease.must_be_held(); },
              [&tools, &context](std::vector<lake::ledger_entry> entries) {
                  return tools.ledger.record(std::move(entries), context.log);
              }}) {}

awaitable<void> archive_commit::run() {
    context_.report.enter(run_phase::publishing);
    lake::commit_steps steps;
    steps.announce = [this]() -> awaitable<db::transaction_mark> {
        co_await publish();
        context_.report.enter(run_phase::committing);
        co_return work_.mark();
    };
    steps.finalise = [this]() -> awaitable<void> {
        record_archived(context_, work_);
        context_.report.enter(run_phase::finishing);
        const async::span shown(context_.log, "job", "finish");
        co_await files_.finalise();
    };
    steps.take_back = [this] { return put_back(); };
    auto ending =
        context_.settings.dry_run ? publish_and_roll_back(std::move(steps)) : commit(std::move(steps));
    const auto failed = co_await async::caught(std::move(ending));
    context_.report.files_pending = files_.pending();
    if (failed)
        std::rethrow_exception(failed);
}

// A dry run. Its files stay, marked with a transaction that is now aborted: the next run replaces their
// tails.
awaitable<void> archive_commit::publish_and_roll_back(lake::commit_steps steps) {
    const auto all = [this, &steps]() -> awaitable<void> {
        static_cast<void>(co_await steps.announce());
        co_await work_.opened.transaction->rollback();
    };
    const auto failed = co_await async::caught(all());
    if (failed) {
        co_await async::ignoring_cancellation();
        const auto left = co_await async::caught(steps.take_back());
        co_await async::heeding_cancellation();
        std::rethrow_exception(left ? left : failed);
    }
    fault_point("dry-run-rolled-back");
    record_archived(context_, work_);
}

awaitable<void> archive_commit::commit(lake::commit_steps steps) {
    lake::commit_context context{context_.access(), work_.opened.session, *work_.opened.transaction,
                                 &tools_.lease, context_.stop};
    co_await lake::commit_in_two_steps(context, std::move(steps));
}

awaitable<void> archive_commit::publish() {
    const async::span shown(context_.log, "job", "publish");
    co_await tools_.lease.sign();
    co_await files_.publish(work_.publication);
    fault_point("published");
    if (!context_.settings.prove)
        co_return;
    const auto& tails = files_.all();
    const auto proof = [this, &tails](std::size_t index) { return prove(context_, *tails[index]); };
    co_await async::for_each_bounded(tails.size(), context_.settings.parallel, proof);
}

// COMMIT was never sent, or was refused: the transaction is not, and will not be, committed.
awaitable<void> archive_commit::put_back() {
    const async::span shown(context_.log, "job", "put back");
    fault_point("before-put-back");
    const auto deadline = context_.stop.undo_by();
    co_await roll_back_by(context_, work_.opened, deadline);
    fault_point("rolled-back");
    co_await files_.put_back(deadline);
}

} // namespace archive
