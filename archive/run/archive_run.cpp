// One transaction of the job from plan to delete. What becomes visible, and how it is taken back, is in
// archive_commit.cpp.

#include "archive/plan/planner.hpp"
#include "archive/run/archive_transaction.hpp"
#include "archive/stage/table_reader.hpp"
#include "archive/table/row_lookup.hpp"
#include "archive/table/table_shape.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "azure/blob/crc64.hpp"
#include "csv/dialect.hpp"
#include "db/committing.hpp"
#include "db/position.hpp"
#include "db/session_scope.hpp"
#include "db/side_effects.hpp"
#include "lake/conflict.hpp"

#include <boost/asio/this_coro.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

namespace archive {

using async::failure;
using async::fault_point;
using lake::attempt_result;

namespace {

// Short ranges cost a query each, long ones leave workers without work at the end.
constexpr std::size_t ranges_per_worker = 4;
constexpr std::uint64_t range_pages_min = 1'024; // 8 MiB

} // namespace

awaitable<attempt_result> job::archive_unit(unit& work) {
    db::must_be_identified(work.position);
    co_await context_.lake.must_take(context_.settings.placement.tags);
    context_.report.enter(run_phase::planning);
    const auto shape = co_await read_shape(work.session, work.table.oid);
    must_have_shape(shape);
    work.plan = co_await plan_unit(work);
    const bool by_day = work.plan.how == reading::by_day;
    if (!context_.report.backlog)
        co_await measure_backlog(work);
    if (by_day && work.plan.days.empty()) {
        co_await end_restores(work);
        co_return attempt_result::finished;
    }
    must_be_deletable(shape, context_.settings.partitions == partition_removal::none);
    co_await foresee_side_effects(work);
    if (co_await prepare_files(work))
        co_return attempt_result::settled;

    co_await stage(work);
    co_await end_restores(work);
    std::uint64_t rows = 0;
    for (const auto& [which, file] : work.staging->files())
        rows += file->rows + file->rows_recognised;
    if (rows == 0)
        co_return attempt_result::finished;

    co_await delete_rows(work);
    co_await publish_and_commit(work);
    const bool more = context_.settings.commit == commit_unit::day && !context_.settings.dry_run;
    co_return more ? attempt_result::committed : attempt_result::finished;
}

// Days that were moved back into the table and are to stay there for a while.
awaitable<std::vector<lake::day>> job::held_days(unit& work) {
    std::set<lake::day> held;
    for (const auto* file : co_await held_files(work.session, work.files)) {
        const auto which = file->key().which;
        held.insert(which);
        if (held_days_said_)
            continue;
        context_.sink.info("day.held", "a day that was moved back into the table is left there for now",
                           {{"day", which.text()},
                            {"blob", file->properties.name},
                            {"held_until", file->mark.mark->held_until}});
    }
    held_days_said_ = true;
    co_return std::vector<lake::day>(held.begin(), held.end());
}

// Restored days that are due again, and of which the table has no row any more: their rows are in the file
// alone. Where it has some, the mark ends with the transaction that deletes them.
awaitable<void> job::end_restores(unit& work) {
    if (context_.settings.dry_run)
        co_return;
    // That a session sees no row of a day is no proof under row security.
    const auto oid = std::to_string(work.table.oid);
    const std::array parameters{db::parameter(oid)};
    const auto hidden = co_await work.session.query("SELECT row_security_active($1::oid)", parameters);
    if (hidden.boolean(0, 0))
        co_return;
    const auto& rows = work.plan.rows;
    for (const auto& [key, file] : work.files) {
        if (!file.mark.mark || !file.mark.mark->restored || !has_whole_day(rows, key.which) ||
            (work.staging && work.staging->files().contains(key.which)))
            continue;
        co_await restores_.archive_again(file);
        context_.sink.info("day.archived_again",
                           "no row of a restored day is in the table any more: its file is final again",
                           {{"day", key.which.text()}, {"blob", file.properties.name}});
    }
}

std::string job::cutoff_expression() const {
    return cutoff_.empty() ? cutoff_sql(context_.settings)
                           : fmt::format("timestamp {}", db::connection::literal(cutoff_));
}

awaitable<plan> job::plan_unit(unit& work) {
    const async::span shown(context_.sink, "job", "plan");
    auto& report = context_.report;
    if (cutoff_.empty())
        cutoff_ = co_await find_cutoff(work.session, context_.settings);
    report.cutoff = cutoff_;
    plan_start from{cutoff_, lower_bound_, {report.days, report.rows_deleted}};
    from.held = co_await held_days(work);
    auto made = co_await make_plan(work.session, work.table, context_.settings, from, counting::where_needed);
    work.rows_dayless = made.rows_dayless;

    report.rows_planned = 0;
    for (const auto& planned : made.chosen.days)
        report.rows_planned += planned.rows;
    report.days_planned = made.chosen.days.size();
    report.rows_read = report.bytes_read = report.days_staged = 0;
    context_.sink.info("plan", "the rows to archive have been looked up",
                       {{"cutoff", cutoff_},
                        {"reading", describe(made.chosen.how)},
                        {"days", report.days_planned},
                        {"rows", report.rows_planned},
                        {"files", work.files.size()}});
    co_return std::move(made.chosen);
}

// How late the oldest due row is. Only the index knows that before the table has been read.
awaitable<void> job::measure_backlog(unit& work) {
    auto& late = context_.report.backlog;
    if (work.plan.how != reading::by_day)
        co_return;
    if (work.plan.days.empty()) {
        late = std::chrono::seconds(0);
        co_return;
    }
    const auto asked = co_await work.session.query(backlog_seconds_sql(work.table, work.plan.rows, cutoff_));
    late = std::chrono::seconds(asked.is_null(0, 0) ? 0 : asked.integer(0, 0));
}

awaitable<void> job::stage(unit& work) {
    const async::span shown(context_.sink, "job", "stage");
    context_.report.enter(run_phase::staging);
    const auto oid = std::to_string(work.table.oid);
    const std::array parameters{db::parameter(oid)};
    const auto snapshot =
        co_await work.session.query("SELECT pg_export_snapshot(), row_security_active($1::oid)", parameters);
    work.policies_apply = snapshot.boolean(0, 1);
    fault_point("snapshot-exported");

    work.came_back = co_await days_that_came_back(work);
    const auto executor = co_await async::asio::this_coro::executor;
    staging_context target{context_.lake,
                           context_.pages,
                           context_.sink,
                           context_.report,
                           work.table,
                           work.position,
                           work.came_back,
                           work.plan.days,
                           work.plan.how == reading::by_day,
                           work.plan.rows,
                           work.row_bytes,
                           context_.new_nonce(),
                           context_.settings.parallel,
                           context_.settings.compression,
                           context_.settings.placement.encryption_scope,
                           &ledger_,
                           work.policies_apply};
    work.staging = std::make_unique<staging>(executor, std::move(target), work.files);

    rate_limit limit(context_.settings.rate_limit);
    reader_context source{context_.database,
                          context_.helper,
                          context_.sink,
                          context_.report,
                          work.table,
                          work.plan.rows,
                          std::string(snapshot.text(0, 0)),
                          context_.settings.parallel,
                          context_.settings.settle_wait,
                          limit,
                          work.policies_apply};
    table_reader reader(std::move(source), *work.staging);
    if (work.plan.how == reading::by_day) {
        co_await reader.read_days(work.plan.days);
    } else {
        // A range of pages cannot be asked of a partitioned table, nor cheaply before PostgreSQL 14.
        const bool one_piece = work.table.partitioned || work.session.server_version() < 140000;
        const auto count = one_piece ? 1 : context_.settings.parallel * ranges_per_worker;
        co_await reader.read_ranges(cut_pages(one_piece ? 0 : work.table.pages, count, range_pages_min));
        work.rows_dayless = reader.rows_dayless();
    }
    if (work.rows_dayless > 0)
        context_.sink.warn("rows.dayless",
                           "rows at -infinity or before year 1 belong to no day: they stay in the table",
                           {{"rows", work.rows_dayless}});
    context_.report.rows_dayless = work.rows_dayless;
    if (!context_.report.backlog)
        context_.report.backlog = work.staging->files().empty()
                                      ? std::chrono::seconds(0)
                                      : lake::seconds_after(work.staging->files().begin()->first, cutoff_);
    fault_point("staged");
}

// Files whose last rows are due again: the database has lost the commit that deleted them.
awaitable<std::set<lake::day>> job::days_that_came_back(unit& work) {
    std::vector<const lake::lake_file*> files;
    if (work.plan.how == reading::by_day) {
        for (const auto& planned : work.plan.days)
            for (const auto kind : {lake::compression::none, lake::compression::gzip})
                if (const auto found = work.files.find({planned.which, kind}); found != work.files.end())
                    files.push_back(&found->second);
    } else {
        for (const auto& [key, file] : work.files)
            files.push_back(&file);
    }
    std::set<lake::day> days;
    const auto seen =
        co_await look_for_samples(work.session, work.table, files, where_clause(work.table, work.plan.rows));
    for (const auto& [file, sample] : seen)
        if (sample == sample_seen::to_the_letter || sample == sample_seen::key_only)
            days.insert(file->key().which);
    co_return days;
}

// Under row security the readers' sessions and this one may see different rows, as many of them: a policy may
// ask for the role, or for a setting that a pooler's other client has left behind.
awaitable<std::uint64_t> job::delete_and_compare(unit& work) {
    auto copy = co_await work.session.start_copy_out(copy_deleted_sql(work.table, work.plan.rows));
    lake::content_digest deleted;
    do {
        while (const auto row = copy.next())
            deleted.add(row->text());
    } while (co_await copy.wait());
    const bool same_number = deleted.rows == work.staging->digest().rows;
    if (same_number && deleted != work.staging->digest())
        throw async::error(
            failure::integrity,
            fmt::format("the {} rows that the server deleted from {} are not those that were read:"
                        " row security shows other rows to other sessions",
                        deleted.rows, work.table.name),
            std::string(one_view_hint));
    co_return deleted.rows;
}

awaitable<void> job::delete_rows(unit& work) {
    const async::span shown(context_.sink, "job", "delete");
    context_.report.enter(run_phase::deleting);
    std::uint64_t rows = 0;
    for (const auto& [which, file] : work.staging->files())
        rows += file->rows + file->rows_recognised;
    const auto watch = co_await watch_deletes(work);
    const auto untouched = co_await db::read_change_counters(work.session);
    const auto removed = co_await remove_partitions(work);
    // An event trigger that listens to DETACH and DROP may delete as well; the storage is ours to
    // change.
    if (removed > 0)
        work.went_along =
            co_await db::look_at_effects(work.session, watch, untouched, 0, db::storage::may_change);
    const auto before = co_await db::read_change_counters(work.session);
    std::uint64_t deleted = 0;
    if (work.policies_apply)
        deleted = co_await delete_and_compare(work);
    else
        deleted = (co_await work.session.query(delete_sql(work.table, work.plan.rows))).rows_affected();
    fault_point("deleted");
    if (removed + deleted != rows)
        throw async::error(
            failure::integrity,
            fmt::format("{} rows were staged, but the server deleted {}", rows, removed + deleted),
            "A trigger or a row security policy keeps rows from being deleted, or shows them to one command "
            "and not"
            " to the other. Nothing was deleted.");
    // A deferred constraint must fail before anything is visible.
    co_await work.session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    for (auto& each : co_await db::look_at_effects(work.session, watch, before, deleted))
        work.went_along.push_back(std::move(each));

    work.position = co_await db::position_of(work.session);
    const auto xid = co_await work.session.query("SELECT pg_current_xact_id()::text");
    const auto header = csv::header_line(work.table.columns);
    const db::database_access database{context_.database, context_.helper, context_.sink};
    co_await db::make_number_durable(database);
    work.publication = {lake::table_in_mark(work.table.schema, work.table.relation),
                        context_.run_id,
                        std::string(xid.text(0, 0)),
                        work.position,
                        azure::crc64(0, std::as_bytes(std::span(header))),
                        work.table.types,
                        cutoff_};
}

// What would end the run at its DELETE is found before the first byte moves.
awaitable<void> job::foresee_side_effects(unit& work) {
    const auto watch = co_await watch_deletes(work);
    const auto foreseen = co_await db::foresee_effects(work.session, watch);
    if (!foreseen.empty() && !effects_said_)
        context_.sink.info("side_effects.possible",
                           "the DELETE may change other rows: what it changes is counted before COMMIT",
                           {{"by", db::in_words(foreseen)}});
    effects_said_ = true;
}

awaitable<db::delete_watch> job::watch_deletes(unit& work) const {
    db::delete_watch watch;
    watch.table = co_await db::root_of(work.session, work.table.oid);
    watch.policy = context_.settings.side_effects;
    watch.setting = "ARCHIVE_SIDE_EFFECTS";
    co_return watch;
}

awaitable<std::uint64_t> job::remove_partitions(unit& work) {
    std::uint64_t rows = 0;
    for (const auto& each : work.partitions) {
        const auto had = co_await remove_partition(work.session, work.table, work.plan.rows, each,
                                                   context_.settings.partitions);
        rows += had;
        if (had > 0)
            work.removed.push_back(each.name);
    }
    co_return rows;
}

} // namespace archive
