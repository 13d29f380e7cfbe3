#include "archive/run/restore/restore_run.hpp"

#include "archive/run/day_loader.hpp"
#include "archive/run/known_files.hpp"
#include "archive/run/moved_rows.hpp"
#include "archive/run/restore/restore_commit.hpp"
#include "archive/run/restore/restore_target.hpp"
#include "archive/run/run_effects.hpp"
#include "archive/stage/file_rows.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/table_shape.hpp"
#include "archive/table/types_judge.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/committing.hpp"
#include "db/insert_effects.hpp"
#include "db/position.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace archive {

using async::failure;
using async::fault_point;
using lake::attempt_result;

namespace {

// The end of a hold of this length, by the server's clock, as a mark writes it; empty: no hold.
awaitable<std::string> end_of_hold(db::connection& session, std::string hold) {
    if (hold.empty())
        co_return std::string();
    const std::array parameters{db::parameter(hold)};
    const auto until = co_await session.query(
        "SELECT to_char((now() AT TIME ZONE 'UTC') + $1::interval, 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')",
        parameters);
    co_return std::string(until.text(0, 0));
}

} // namespace

std::vector<const lake::listed_file*> files_to_restore(const lake::file_map& files,
                                                       const lake::day_range& days) {
    std::vector<const lake::listed_file*> chosen;
    for (const auto& key : files.keys_in(days)) {
        const auto file = files.unpacked(key).value();
        const auto& mark = file.mark.mark;
        const bool known_empty = mark && mark->now.bytes == file.properties.size && mark->now.rows == 0;
        if (!known_empty)
            chosen.push_back(files.find(key));
    }
    if (chosen.empty())
        throw async::error(failure::precondition,
                           fmt::format("there are no archived rows of {}", lake::in_words(days)),
                           "`event-archiver list` shows the days there are.");
    return chosen;
}

restore_run::restore_run(const run_context& context, restore_request request)
    : context_(context)
    , request_(std::move(request))
    , tools_(context)
    , opener_(context)
    , loop_(context, tools_, opener_, absent_container::is_refused)
    , files_(context) {}

awaitable<void> restore_run::run() {
    return loop_.repeat([this](run_transaction& opened) { return attempt(opened); });
}

awaitable<attempt_result> restore_run::attempt(run_transaction& opened) {
    db::must_be_identified(opened.position);
    context_.report.enter(run_phase::restoring);
    const auto known = co_await tools_.ledger.read();
    if (auto lost = lost_file(known, opened.files, request_.days))
        throw async::error(*std::move(lost));
    if (auto unmarked = unmarked_file(known, opened, request_.days))
        throw async::error(*std::move(unmarked));
    const auto files = files_to_restore(opened.files, request_.days);
    context_.report.days_planned = files.size();
    co_await look_before(opened, files, known);
    if (!context_.settings.dry_run && co_await convert_append_blobs(tools_, opened, files))
        co_return attempt_result::settled;
    restore_transaction work(opened);
    co_await load(work, files, known);
    restore_commit ending(context_, tools_, work);
    if (context_.settings.dry_run) {
        co_await opened.transaction->rollback();
        ending.record();
        co_return attempt_result::finished;
    }
    co_await make_marks(work);
    co_await ending.run();
    co_return attempt_result::finished;
}

awaitable<void> restore_run::look_before(const run_transaction& opened,
                                         const std::vector<const lake::listed_file*>& files,
                                         const lake::ledger_state& known) {
    co_await must_be_insertable(opened.session, opened.table, restore_target::the_table_itself);
    co_await files_.container_must_be_changeable();
    co_await files_.must_be_writable(files, "marked as restored");
    types_judge types(opened.table, opened.position);
    types.know(known.types());
    for (const auto* file : files)
        if (const auto mistake = is_as_marked(*file) ? types.mistake(*file->mark.mark) : std::nullopt)
            throw lake::refused(file->properties.name, "restored", *mistake);
    const auto shape = co_await read_shape(opened.session, opened.table.named.oid);
    must_take_rows_back(shape);
}

awaitable<void> restore_run::load(restore_transaction& work,
                                  const std::vector<const lake::listed_file*>& files,
                                  const lake::ledger_state& known) {
    auto& session = work.opened.session;
    co_await session.execute("SET CONSTRAINTS ALL DEFERRED");
    const auto watch = co_await watch_table(session, work.opened.table.named.oid, context_.settings);
    const auto untouched = co_await db::read_change_counters(session);
    std::uint64_t inserted = 0;
    day_loader loader(session, context_.lake, work.opened.table, loaded_columns::those_of_the_table);
    // Before any is loaded: the rows that this transaction inserts have not moved.
    for (const auto* file : files) {
        co_await tools_.restores.must_be_emptiable(*file);
        co_await must_not_have_moved_since(context_, work.opened, *file);
    }
    for (const auto* file : files) {
        const async::span shown(context_.log, "job", "restore", file->properties.name);
        auto recorded = known.content_of(*file);
        auto loaded = co_await loader.load(*file, std::move(recorded));
        if (!loaded.begins_as_recorded) // its new mark would say that it was never more
            throw changed_by_others(file->properties.name);
        context_.report.rows_read += loaded.content.rows;
        context_.report.bytes_read += loaded.content.bytes;
        ++context_.report.days_staged;
        inserted += loaded.rows_inserted;
        work.files.push_back({file, std::move(loaded)});
        fault_point("day-restored");
    }
    // Deferred triggers and constraints first: nothing changes a row between the proof and COMMIT.
    co_await session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    co_await loader.prove();
    work.went_along = co_await db::look_at_inserts(session, watch, untouched, inserted);
    fault_point("restore-proved");
}

// The marks that the files will have while the transaction is open.
awaitable<void> restore_run::make_marks(restore_transaction& work) {
    auto& opened = work.opened;
    opened.position = co_await db::position_of(opened.session);
    const auto xid = co_await opened.session.query("SELECT pg_current_xact_id()::text");
    work.mark = {context_.run_id, std::string(xid.text(0, 0)), opened.position};
    const auto held_until = co_await end_of_hold(opened.session, request_.hold);
    const auto table = opened.table.named.in_mark();
    for (auto& each : work.files) {
        const auto& before = each.file->mark.mark;
        const bool is_longer = before && before->held_until > held_until; // the notation sorts by time
        each.mark =
            mark_being_restored(each, table, work.mark,
                                request_.longer_hold_stays && is_longer ? before->held_until : held_until);
        each.mark.restoring_rows = rows_of_day(work.files, work.went_along, each);
    }
    co_await db::make_number_durable(context_.access(), opened.position);
}

} // namespace archive
