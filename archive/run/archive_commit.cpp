// The end of one transaction of the job: publish, commit, and either finish or put the files back.

#include "archive/run/archive_transaction.hpp"
#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/race.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"
#include "azure/blob/crc64.hpp"
#include "db/position.hpp"
#include "db/session_scope.hpp"
#include "db/side_effects.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace archive {

using async::failure;
using async::fault_point;

awaitable<void> job::publish_and_commit(unit& work) {
    context_.report.enter(run_phase::publishing);
    lake::commit_steps steps;
    steps.announce = [this, &work]() -> awaitable<db::transaction_mark> {
        co_await publish(work);
        context_.report.enter(run_phase::committing);
        co_return work.mark();
    };
    steps.finalise = [this, &work]() -> awaitable<void> {
        record(work);
        context_.report.enter(run_phase::finishing);
        co_await finalise(work);
        if (work.gone)
            std::rethrow_exception(work.gone);
    };
    steps.take_back = [this, &work]() -> awaitable<void> {
        co_await put_back(work);
        if (work.gone)
            std::rethrow_exception(work.gone);
    };
    auto ending = context_.settings.dry_run ? publish_and_roll_back(work, std::move(steps))
                                            : commit(work, std::move(steps));
    const auto failed = co_await async::caught(std::move(ending));
    count_pending(work);
    if (failed)
        std::rethrow_exception(failed);
}

// A dry run. Its files stay, marked with a transaction that is now aborted: the next run replaces their
// tails.
awaitable<void> job::publish_and_roll_back(unit& work, lake::commit_steps steps) {
    const auto all = [&work, &steps]() -> awaitable<void> {
        static_cast<void>(co_await steps.announce());
        co_await work.transaction->rollback();
    };
    const auto failed = co_await async::caught(all());
    if (failed) {
        co_await async::ignoring_cancellation();
        const auto left = co_await async::caught(steps.take_back());
        co_await async::heeding_cancellation();
        std::rethrow_exception(left ? left : failed);
    }
    fault_point("dry-run-rolled-back");
    record(work);
}

awaitable<void> job::commit(unit& work, lake::commit_steps steps) {
    const db::database_access database{context_.database, context_.helper, context_.sink};
    lake::commit_context context{database, work.session, *work.transaction, &lease_, context_.stop};
    co_await lake::commit_in_two_steps(context, std::move(steps));
}

awaitable<void> job::publish(unit& work) {
    const async::span shown(context_.sink, "job", "publish");
    const auto tails = work.tails();
    context_.report.files_planned = tails.size();
    co_await lease_.sign();
    const auto step = [this, &tails, &work](std::size_t index) { return publish_one(work, *tails[index]); };
    co_await async::for_each_bounded(tails.size(), context_.settings.parallel, step);
    fault_point("published");
    if (!context_.settings.prove)
        co_return;
    const auto proof = [this, &tails, &work](std::size_t index) { return prove(work, *tails[index]); };
    co_await async::for_each_bounded(tails.size(), context_.settings.parallel, proof);
}

// A request that has been sent is awaited, whatever happens meanwhile: cut off, it might take effect after
// the files have been put back. No further one is begun.
awaitable<void> job::publish_one(unit& work, day_file& file) {
    if (context_.stop.requested() || work.publishing_failed)
        async::throw_cancelled();
    try {
        lease_.must_be_held();
        co_await async::shielded(publisher_.publish(file, work.publication));
        ++context_.report.files_done;
    } catch (...) {
        work.publishing_failed = true;
        throw;
    }
}

// Reads the published tail back: what the lake serves must be what was sent.
awaitable<void> job::prove(unit&, day_file& file) {
    if (!file.has_tail())
        co_return;
    const auto from = file.base ? file.base->bytes : 0;
    std::uint64_t crc = 0;
    std::uint64_t bytes = 0;
    const azure::body_sink take = [&crc, &bytes](std::span<const std::byte> piece) -> awaitable<void> {
        crc = azure::crc64(crc, piece);
        bytes += piece.size();
        co_return;
    };
    co_await context_.lake.read(file.name, file.etag, from, take);
    if (crc != file.crc || bytes != file.bytes)
        throw async::error(
            failure::integrity,
            fmt::format("'{}' reads back differently: {} bytes with CRC-64 {:016x} were sent, {} with"
                        " {:016x} are there",
                        file.name, file.bytes, file.crc, bytes, crc),
            "The storage or something before it changed the data. Nothing was deleted.");
    context_.sink.debug("day.proved", "the published rows were read back",
                        {{"day", file.which().text()}, {"blob", file.name}, {"bytes", bytes}});
}

awaitable<void> job::roll_back_by(unit& work, async::deadline by) {
    std::exception_ptr failed;
    try {
        if (work.transaction->open() && work.session.usable())
            co_await async::with_deadline(work.transaction->rollback(), by, "ROLLBACK");
    } catch (const async::error&) {
        failed = std::current_exception(); // the server rolls back by itself once the connection is gone
    }
    if (failed)
        context_.sink.warn("rollback.failed", "the connection was lost before ROLLBACK was answered",
                           {{"error.message", async::describe(failed)}});
}

// COMMIT was never sent, or was refused: the transaction is not, and will not be, committed.
awaitable<void> job::put_back(unit& work) {
    const async::span shown(context_.sink, "job", "put back");
    fault_point("before-put-back");
    const auto by = context_.stop.undo_by();
    co_await roll_back_by(work, by);
    fault_point("rolled-back");

    std::vector<day_file*> tried;
    for (auto* file : work.tails())
        if (file->state != day_file::publication::none)
            tried.push_back(file);
    const auto step = [this, &work, &tried](std::size_t index) -> awaitable<void> {
        auto& file = *tried[index];
        try {
            co_await publisher_.put_back(file);
        } catch (const lake::pending_changed& error) {
            work.gone = std::current_exception();
            context_.sink.error("file.changed", error.message(),
                                {{"day", file.which().text()}, {"blob", file.name}});
        } catch (const async::error& error) {
            if (error.kind() != failure::integrity)
                throw;
            work.gone = std::current_exception();
            file.state = day_file::publication::lost;
            context_.report.files_lost.push_back(file.name);
            context_.sink.error("file.gone", error.message(),
                                {{"day", file.which().text()}, {"blob", file.name}});
        }
    };
    const auto left = co_await async::caught_error(
        async::with_deadline(async::for_each_bounded(tried.size(), context_.settings.parallel, step), by,
                             "the files to be put back"));
    if (left)
        context_.sink.warn("put_back.failed",
                           "a file still shows rows that are also in the table: the next run settles it",
                           {{"error.message", async::describe(left)}});
    else if (!tried.empty())
        context_.sink.info("put_back", "the files are as they were before this run",
                           {{"files", tried.size()}});
}

// The rows are safe and deleted; a mark that is left is cleared by the next run. A file that is gone holds up
// none of the others.
awaitable<void> job::finalise(unit& work) {
    const async::span shown(context_.sink, "job", "finish");
    const auto tails = work.tails();
    context_.report.files_planned = tails.size();
    std::exception_ptr failed;
    std::exception_ptr gone;
    std::vector<lake::ledger_entry> entries;
    for (const auto* file : tails)
        entries.push_back(lake::entry_of(file->name, *file->mark, file->etag, "archived"));
    const auto step = [this, &tails, &failed, &gone](std::size_t index) -> awaitable<void> {
        auto& file = *tails[index];
        try {
            co_await publisher_.finalise(file);
            ++context_.report.files_done;
        } catch (const lake::conflict&) {
            failed = std::current_exception();
        } catch (const async::error& error) {
            if (error.kind() != failure::integrity)
                throw; // the lake: the others would fare no better
            gone = std::current_exception();
            file.state = day_file::publication::lost;
            context_.report.files_lost.push_back(file.name);
            context_.sink.error("file.gone", error.message(),
                                {{"day", file.which().text()}, {"blob", file.name}, {"rows", file.rows}});
        }
    };
    try {
        // Before the first mark is cleared: whoever finds one writes the ledger before he clears it.
        co_await ledger_.record(std::move(entries), context_.sink);
        co_await async::for_each_bounded(tails.size(), context_.settings.parallel, step);
    } catch (const async::error&) {
        failed = std::current_exception();
    }
    if (failed)
        context_.sink.warn("finalise.failed", "a file is still marked pending: the next run clears the mark",
                           {{"error.message", async::describe(failed)}});
    fault_point("finalised");
    work.gone = gone;
}

void job::record(const unit& work) {
    auto& report = context_.report;
    for (const auto& [which, file] : work.staging->files()) {
        const auto rows = file->rows + file->rows_recognised;
        if (rows == 0)
            continue;
        ++report.days;
        report.rows += file->rows;
        report.rows_recognised += file->rows_recognised;
        report.bytes += file->bytes;
        if (!context_.settings.dry_run)
            report.rows_deleted += rows;
        report.outcomes.push_back({file->key, file->rows, file->bytes,
                                   file->compressed() ? file->member.size : file->bytes,
                                   file->existing.has_value()});
        if (file->has_tail())
            ++(file->existing ? report.files_appended : report.files_created);
        context_.sink.info(context_.settings.dry_run ? "day.uploaded" : "day.archived",
                           context_.settings.dry_run ? "a day's rows are in its file; they stay in the table"
                                                     : "a day's rows are in its file and gone from the table",
                           {{"day", file->which().text()},
                            {"rows", file->rows},
                            {"rows_recognised", file->rows_recognised},
                            {"bytes", file->bytes},
                            {"blob", file->name},
                            {"file", !file->has_tail() ? "unchanged"
                                     : file->existing  ? "appended"
                                                       : "created"}});
    }
    if (!context_.settings.dry_run)
        for (const auto& name : work.removed)
            context_.sink.info("partition.removed",
                               context_.settings.partitions == partition_removal::drop
                                   ? "a partition was dropped: all of its rows are in their files"
                                   : "a partition was detached: all of its rows are in their files",
                               {{"partition", name}});
    for (const auto& each : work.went_along)
        record_side_effect(each, "DELETE");
    if (context_.settings.commit == commit_unit::day && !work.plan.days.empty())
        lower_bound_ = work.plan.rows.upper;
}

void job::record_side_effect(const db::side_effect& what, std::string_view statement) {
    context_.sink.info("side_effects",
                       fmt::format("the {} {} other rows than those in the files", statement,
                                   context_.settings.dry_run ? "would change" : "changed"),
                       {{"table", what.table.name},
                        {"rows_deleted", what.deleted},
                        {"rows_updated", what.updated},
                        {"rows_inserted", what.inserted}});
    auto& all = context_.report.went_along;
    const auto same = std::ranges::find_if(
        all, [&what](const db::side_effect& each) { return each.table.oid == what.table.oid; });
    auto& sum = same != all.end() ? *same : all.emplace_back(db::side_effect{what.table, what.own});
    sum.inserted += what.inserted;
    sum.updated += what.updated;
    sum.deleted += what.deleted;
}

void job::count_pending(const unit& work) {
    const auto open = [](const day_file* file) {
        return file->state == day_file::publication::tried || file->state == day_file::publication::published;
    };
    context_.report.files_pending = static_cast<std::uint64_t>(std::ranges::count_if(work.tails(), open));
}

} // namespace archive
