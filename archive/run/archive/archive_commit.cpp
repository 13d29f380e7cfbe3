#include "archive/run/archive/archive_commit.hpp"

#include "archive/run/archive/prove.hpp"
#include "archive/run/end_transaction.hpp"
#include "archive/run/run_effects.hpp"
#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/race.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"
#include "lake/conflict.hpp"

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

std::uint64_t count_pending(const archive_transaction& work) {
    const auto open = [](const day_file* file) {
        return file->state == day_file::publish_state::tried ||
               file->state == day_file::publish_state::published;
    };
    return static_cast<std::uint64_t>(std::ranges::count_if(work.tails(), open));
}

} // namespace

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
        co_await finalise();
        if (gone_)
            std::rethrow_exception(gone_);
    };
    steps.take_back = [this]() -> awaitable<void> {
        co_await put_back();
        if (gone_)
            std::rethrow_exception(gone_);
    };
    auto ending =
        context_.settings.dry_run ? publish_and_roll_back(std::move(steps)) : commit(std::move(steps));
    const auto failed = co_await async::caught(std::move(ending));
    context_.report.files_pending = count_pending(work_);
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
    const auto tails = work_.tails();
    context_.report.files_planned = tails.size();
    co_await tools_.lease.sign();
    const auto step = [this, &tails](std::size_t index) { return publish_one(*tails[index]); };
    co_await async::for_each_bounded(tails.size(), context_.settings.parallel, step);
    fault_point("published");
    if (!context_.settings.prove)
        co_return;
    const auto proof = [this, &tails](std::size_t index) { return prove(context_, *tails[index]); };
    co_await async::for_each_bounded(tails.size(), context_.settings.parallel, proof);
}

// A request that has been sent is awaited, whatever happens meanwhile: if it were cut off, it could take
// effect after the files have been put back. No further request is sent.
awaitable<void> archive_commit::publish_one(day_file& file) {
    if (context_.stop.requested() || publishing_failed_)
        async::throw_cancelled();
    try {
        tools_.lease.must_be_held();
        co_await async::shielded(tools_.publisher.publish(file, work_.publication));
        ++context_.report.files_done;
    } catch (...) {
        publishing_failed_ = true;
        throw;
    }
}

// COMMIT was never sent, or was refused: the transaction is not, and will not be, committed.
awaitable<void> archive_commit::put_back() {
    const async::span shown(context_.log, "job", "put back");
    fault_point("before-put-back");
    const auto deadline = context_.stop.undo_by();
    co_await roll_back_by(context_, work_.opened, deadline);
    fault_point("rolled-back");

    std::vector<day_file*> tried;
    for (auto* file : work_.tails())
        if (file->state != day_file::publish_state::none)
            tried.push_back(file);
    const auto step = [this, &tried](std::size_t index) { return put_back_one(*tried[index]); };
    const auto left = co_await async::caught_error(
        async::with_deadline(async::for_each_bounded(tried.size(), context_.settings.parallel, step),
                             deadline, "the files to be put back"));
    if (left)
        context_.log.warn(
            "put_back.failed",
            "a file still has rows that are also in the table: the next run removes them from it",
            {{"error.message", async::describe(left)}});
    else if (!tried.empty())
        context_.log.info("put_back", "the files are as they were before this run",
                          {{"files", tried.size()}});
}

awaitable<void> archive_commit::put_back_one(day_file& file) {
    try {
        co_await tools_.publisher.put_back(file);
    } catch (const lake::pending_changed& error) {
        gone_ = std::current_exception();
        context_.log.error("file.changed", error.message(),
                           {{"day", file.which().text()}, {"blob", file.name}});
    } catch (const async::error& error) {
        if (error.kind() != failure::integrity)
            throw;
        gone_ = std::current_exception();
        note_lost(file);
        context_.log.error("file.gone", error.message(), {{"day", file.which().text()}, {"blob", file.name}});
    }
}

// The rows are safe and deleted; a mark that is left is cleared by the next run. A file that is gone does not
// keep the others from being finished.
awaitable<void> archive_commit::finalise() {
    const async::span shown(context_.log, "job", "finish");
    const auto tails = work_.tails();
    context_.report.files_planned = tails.size();
    std::vector<lake::ledger_entry> entries;
    for (const auto* file : tails)
        entries.push_back(lake::entry_of(file->name, *file->mark, file->etag, "archived"));
    std::exception_ptr failed;
    const auto step = [this, &tails, &failed](std::size_t index) -> awaitable<void> {
        auto& file = *tails[index];
        try {
            co_await tools_.publisher.finalise(file);
            ++context_.report.files_done;
        } catch (const lake::conflict&) {
            failed = std::current_exception();
        } catch (const async::error& error) {
            if (error.kind() != failure::integrity)
                throw; // the storage service: the other files would fail too
            gone_ = std::current_exception();
            note_lost(file);
            context_.log.error("file.gone", error.message(),
                               {{"day", file.which().text()}, {"blob", file.name}, {"rows", file.rows}});
        }
    };
    try {
        // Before the first mark is cleared: a run that finds a mark writes the ledger before it clears the
        // mark.
        co_await tools_.ledger.record(std::move(entries), context_.log);
        co_await async::for_each_bounded(tails.size(), context_.settings.parallel, step);
    } catch (const async::error&) {
        failed = std::current_exception();
    }
    if (failed)
        context_.log.warn("finalise.failed",
                          "a file is still marked as uncommitted: the next run clears the mark",
                          {{"error.message", async::describe(failed)}});
    fault_point("finalised");
}

void archive_commit::note_lost(day_file& file) {
    file.state = day_file::publish_state::lost;
    context_.report.files_lost.push_back(file.name);
}

} // namespace archive
