#include "archive/run/restore/restore_commit.hpp"

#include "archive/run/end_transaction.hpp"
#include "archive/run/run_effects.hpp"
#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/race.hpp"
#include "async/task_group.hpp"
#include "lake/commit/two_step_commit.hpp"
#include "lake/conflict.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace archive {

using async::fault_point;

awaitable<void> restore_commit::run() {
    context_.report.enter(run_phase::publishing);
    lake::commit_steps steps;
    steps.announce = [this]() -> awaitable<db::transaction_mark> {
        co_await announce();
        context_.report.enter(run_phase::committing);
        co_return work_.mark;
    };
    steps.finalise = [this]() -> awaitable<void> {
        record();
        context_.report.enter(run_phase::finishing);
        co_await finish();
    };
    steps.take_back = [this] { return withdraw(); };
    lake::commit_context context{context_.access(), work_.opened.session, *work_.opened.transaction,
                                 &tools_.lease, context_.stop};
    co_await lake::commit_in_two_steps(context, std::move(steps));
}

void restore_commit::record() const {
    for (const auto& each : work_.files)
        record_restored(context_, *each.file, each.loaded, work_.opened.table.name, each.mark.held_until);
    for (const auto& each : work_.went_along)
        record_side_effect(context_, each, "INSERT");
}

awaitable<void> restore_commit::announce() {
    co_await tools_.lease.sign();
    const auto step = [this](std::size_t index) { return announce_one(work_.files[index]); };
    co_await async::for_each_bounded(work_.files.size(), context_.settings.parallel, step);
    fault_point("announced");
}

// A request that has been sent is awaited; no further request is sent.
awaitable<void> restore_commit::announce_one(restored_file& each) {
    if (context_.stop.requested() || announcing_failed_)
        async::throw_cancelled();
    try {
        each.announced = co_await async::shielded(tools_.restores.announce(*each.file, each.mark));
    } catch (...) {
        announcing_failed_ = true;
        throw;
    }
}

awaitable<void> restore_commit::withdraw() {
    const auto deadline = context_.stop.undo_by();
    co_await roll_back_by(context_, work_.opened, deadline);
    const auto step = [this](std::size_t index) -> awaitable<void> {
        const auto& each = work_.files[index];
        const auto now = co_await announced_file(each.file->properties.name);
        if (!now)
            co_return;
        auto mark = each.file->mark.mark.value_or(lake::not_restored(*now->mark.mark));
        co_await tools_.restores.withdraw(*now, std::move(mark));
    };
    const auto left = co_await async::caught_error(
        async::with_deadline(async::for_each_bounded(work_.files.size(), context_.settings.parallel, step),
                             deadline, "the marks to be taken back"));
    if (left)
        context_.log.warn("withdraw.failed",
                          "a file is still marked as being restored: the next run clears the mark",
                          {{"error.message", async::describe(left)}});
}

// The file; nullopt if its mark no longer says that this transaction restores it.
awaitable<std::optional<lake::listed_file>> restore_commit::announced_file(std::string name) {
    auto now = co_await context_.lake.look(name);
    if (!now)
        throw lake::conflict(fmt::format("'{}' was removed by somebody else", name));
    const auto author = now->mark.mark ? now->mark.mark->restoring : std::nullopt;
    if (!author || author->transaction != work_.mark.transaction)
        now.reset();
    co_return now;
}

// The rows are back and committed; a file that cannot be marked now is marked by the next run.
awaitable<void> restore_commit::finish() {
    std::vector<lake::ledger_entry> entries;
    for (const auto& each : work_.files)
        entries.push_back(lake::entry_of(each.file->properties.name, each.mark, each.announced, "restored"));
    const auto step = [this](std::size_t index) -> awaitable<void> {
        const auto now = co_await announced_file(work_.files[index].file->properties.name);
        if (now)
            co_await tools_.restores.mark_restored(*now);
    };
    const auto mark_all = [this, &entries, &step]() -> awaitable<void> {
        co_await tools_.ledger.record(std::move(entries), context_.log);
        co_await async::for_each_bounded(work_.files.size(), context_.settings.parallel, step);
    };
    const auto left = co_await async::caught_error(mark_all());
    if (left)
        context_.log.warn(
            "restored.unmarked",
            "a file is still marked as being restored: the next run looks for its rows in the table",
            {{"error.message", async::describe(left)}});
    fault_point("marked-restored");
}

} // namespace archive
