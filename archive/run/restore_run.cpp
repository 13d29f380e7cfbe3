// Days moved back into their table. The rows go back in one transaction, and stay in the files: what the
// database has just been given is not yet as safe as what the lake has. docs/protocol.md, "Moving days back".

#include "archive/run/archive_transaction.hpp"
#include "archive/run/day_loader.hpp"
#include "archive/run/restore_target.hpp"
#include "archive/table/table_shape.hpp"
#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/race.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"
#include "db/committing.hpp"
#include "db/insert_effects.hpp"
#include "db/position.hpp"
#include "db/session_scope.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>

#include <array>

namespace archive {

using async::failure;
using async::fault_point;
using lake::attempt_result;

std::vector<const lake::lake_file*> files_to_restore(const lake::file_map& files,
                                                     const lake::day_range& days) {
    std::vector<const lake::lake_file*> chosen;
    for (const auto& [key, file] : files) {
        const auto& mark = file.mark.mark;
        const bool known_empty = mark && mark->now.bytes == file.properties.size && mark->now.rows == 0;
        if (days.contains(key.which) && !known_empty)
            chosen.push_back(&file);
    }
    return chosen;
}

awaitable<void> job::restore(restore_request what) {
    if (!what.into.empty())
        return copy_days(std::move(what));
    return restore_in_place(std::move(what));
}

awaitable<void> job::restore_in_place(restore_request what) {
    co_await repeat([this, &what](unit& work) { return restore_unit(work, what); });
}

awaitable<attempt_result> job::restore_unit(unit& work, const restore_request& what) {
    db::must_be_identified(work.position);
    context_.report.enter(run_phase::restoring);
    const auto files = files_to_restore(work.files, what.days);
    if (files.empty())
        throw async::error(failure::precondition, "there is no archived day with rows in that range",
                           "`event-archiver list` shows the days there are.");
    context_.report.days_planned = files.size();
    co_await must_be_insertable(work.session, work.table, restore_target::the_table_itself);
    co_await must_be_changeable();
    co_await must_be_writable(files, "marked as restored");
    const auto shape = co_await read_shape(work.session, work.table.oid);
    must_take_rows_back(shape);
    if (!context_.settings.dry_run && co_await convert(work, files))
        co_return attempt_result::settled;
    co_await work.session.execute("SET CONSTRAINTS ALL DEFERRED");
    const auto watch = co_await watch_deletes(work);
    const auto untouched = co_await db::read_change_counters(work.session);
    std::uint64_t inserted = 0;
    day_loader loader(work.session, context_.lake, work.table, loaded_columns::those_of_the_table);
    for (const auto* file : files) {
        const async::span shown(context_.sink, "job", "restore", file->properties.name);
        co_await restores_.must_be_emptiable(*file);
        auto loaded = co_await loader.load(*file);
        context_.report.rows_read += loaded.content.rows;
        context_.report.bytes_read += loaded.content.bytes;
        ++context_.report.days_staged;
        inserted += loaded.rows_inserted;
        work.restored.push_back({file, {}, std::move(loaded)});
        fault_point("day-restored");
    }
    // Deferred triggers and constraints first: nothing changes a row between the proof and COMMIT.
    co_await work.session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    co_await loader.prove();
    work.went_along = co_await db::look_at_inserts(work.session, watch, untouched, inserted);
    fault_point("restore-proved");
    if (context_.settings.dry_run) {
        co_await work.transaction->rollback();
        record_restored(work);
        co_return attempt_result::finished;
    }
    co_await mark_restored(work, what);
    co_await announce_and_commit(work);
    co_return attempt_result::finished;
}

// The marks that the files will have while the transaction is open.
awaitable<void> job::mark_restored(unit& work, const restore_request& what) {
    work.position = co_await db::position_of(work.session);
    const auto xid = co_await work.session.query("SELECT pg_current_xact_id()::text");
    work.publication.transaction = xid.text(0, 0);
    work.publication.position = work.position;
    std::string held_until;
    if (!what.hold.empty()) {
        const std::array parameters{db::parameter(what.hold)};
        const auto until = co_await work.session.query(
            "SELECT to_char((now() AT TIME ZONE 'UTC') + $1::interval, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
            parameters);
        held_until = until.text(0, 0);
    }
    for (auto& each : work.restored) {
        const auto& before = each.file->mark.mark;
        if (before && before->now.bytes == each.file->properties.size) {
            each.mark = *before;
        } else {
            each.mark.table =
                before ? before->table : lake::table_in_mark(work.table.schema, work.table.relation);
            each.mark.now = each.loaded.content;
            each.mark.now.run = context_.run_id;
            each.mark.now.transaction = work.publication.transaction;
            each.mark.now.position = work.position;
        }
        if (each.mark.table != lake::table_in_mark(work.table.schema, work.table.relation))
            throw async::error(
                failure::precondition,
                fmt::format("'{}' holds rows of table {}", each.file->properties.name, each.mark.table),
                "Name that table with ARCHIVE_TABLE, or restore with --into.");
        each.mark.restoring =
            db::transaction_mark{context_.run_id, work.publication.transaction, work.position};
        each.mark.held_until = held_until;
    }
    const db::database_access database{context_.database, context_.helper, context_.sink};
    co_await db::make_number_durable(database);
}

awaitable<void> job::announce_and_commit(unit& work) {
    context_.report.enter(run_phase::publishing);
    const auto announce = [this, &work](std::size_t index) -> awaitable<void> {
        if (context_.stop.requested() || work.publishing_failed)
            async::throw_cancelled();
        try {
            auto& each = work.restored[index];
            each.announced = co_await async::shielded(restores_.announce(*each.file, each.mark));
        } catch (...) {
            work.publishing_failed = true;
            throw;
        }
    };
    lake::commit_steps steps;
    steps.announce = [this, &work, &announce]() -> awaitable<db::transaction_mark> {
        co_await lease_.sign();
        co_await async::for_each_bounded(work.restored.size(), context_.settings.parallel, announce);
        fault_point("announced");
        context_.report.enter(run_phase::committing);
        co_return work.mark();
    };
    steps.finalise = [this, &work]() -> awaitable<void> {
        record_restored(work);
        context_.report.enter(run_phase::finishing);
        co_await finish_restored(work);
    };
    steps.take_back = [this, &work] { return withdraw_restored(work); };
    co_await commit(work, std::move(steps));
}

awaitable<void> job::withdraw_restored(unit& work) {
    const auto by = context_.stop.undo_by();
    co_await roll_back_by(work, by);
    const auto step = [this, &work](std::size_t index) -> awaitable<void> {
        const auto& each = work.restored[index];
        const auto now = co_await announced_file(work, each.file->properties.name);
        if (!now)
            co_return;
        auto mark = each.file->mark.mark.value_or(lake::not_restored(*now->mark.mark));
        co_await restores_.withdraw(*now, std::move(mark));
    };
    const auto left = co_await async::caught_error(
        async::with_deadline(async::for_each_bounded(work.restored.size(), context_.settings.parallel, step),
                             by, "the marks to be taken back"));
    if (left)
        context_.sink.warn("withdraw.failed",
                           "a file is still marked as being restored: the next run settles it",
                           {{"error.message", async::describe(left)}});
}

// The file if it still says that this transaction restores it.
awaitable<std::optional<lake::lake_file>> job::announced_file(const unit& work, std::string name) {
    auto now = co_await context_.lake.look(name);
    if (!now)
        throw lake::conflict(fmt::format("'{}' was removed by somebody else", name));
    const auto by = now->mark.mark ? now->mark.mark->restoring : std::nullopt;
    if (!by || by->transaction != work.publication.transaction)
        now.reset();
    co_return now;
}

// The rows are back and committed; a file that cannot be marked now is marked by the next run.
awaitable<void> job::finish_restored(unit& work) {
    std::vector<lake::ledger_entry> entries;
    for (const auto& each : work.restored)
        entries.push_back(lake::entry_of(each.file->properties.name, each.mark, each.announced, "restored"));
    const auto step = [this, &work](std::size_t index) -> awaitable<void> {
        const auto now = co_await announced_file(work, work.restored[index].file->properties.name);
        if (now)
            co_await restores_.mark_restored(*now);
    };
    auto left = co_await async::caught_error(ledger_.record(std::move(entries), context_.sink));
    if (!left)
        left = co_await async::caught_error(
            async::for_each_bounded(work.restored.size(), context_.settings.parallel, step));
    if (left)
        context_.sink.warn(
            "restored.unmarked",
            "a file is still marked as being restored: the next run looks for its rows in the table",
            {{"error.message", async::describe(left)}});
    fault_point("marked-restored");
}

void job::record_restored(const unit& work) {
    for (const auto& each : work.restored)
        record_day_restored(*each.file, each.loaded, work.table.name);
    for (const auto& each : work.went_along)
        record_side_effect(each, "INSERT");
}

void job::record_day_restored(const lake::lake_file& file, const loaded_file& loaded,
                              std::string_view target) {
    auto& report = context_.report;
    ++report.days;
    report.rows += loaded.rows_inserted;
    report.rows_recognised += loaded.rows_present;
    report.bytes += loaded.content.bytes;
    const auto slash = file.properties.name.rfind('/');
    const auto key = lake::key_of_file(std::string_view(file.properties.name).substr(slash + 1));
    context_.sink.info("day.restored",
                       context_.settings.dry_run ? "a day could be restored; nothing was kept"
                                                 : "a day's rows are in the table",
                       {{"day", key ? key->which.text() : std::string()},
                        {"rows", loaded.rows_inserted},
                        {"rows_present", loaded.rows_present},
                        {"bytes", loaded.content.bytes},
                        {"blob", file.properties.name},
                        {"table", target}});
}

} // namespace archive
