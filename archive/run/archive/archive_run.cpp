#include "archive/run/archive/archive_run.hpp"

#include "archive/plan/planner.hpp"
#include "archive/run/archive/archive_commit.hpp"
#include "archive/run/archive/delete_beside.hpp"
#include "archive/run/archive/delete_rows.hpp"
#include "archive/run/archive/file_trial.hpp"
#include "archive/run/archive/lossy_rows.hpp"
#include "archive/run/archive/prepare_files.hpp"
#include "archive/run/archive/restored_rows.hpp"
#include "archive/run/archive/same_definitions.hpp"
#include "archive/run/archive/stage_rows.hpp"
#include "archive/run/moved_rows.hpp"
#include "archive/run/run_effects.hpp"
#include "archive/table/folder_mistakes.hpp"
#include "archive/table/table_shape.hpp"
#include "async/caught.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/delete_effects.hpp"
#include "db/position.hpp"
#include "db/side_effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <functional>
#include <set>
#include <span>
#include <utility>
#include <vector>

namespace archive {

using lake::attempt_result;

namespace {

// How late the oldest due row is. Only the index knows that before the table has been read.
awaitable<void> measure_backlog(const run_context& context, const archive_transaction& work,
                                std::string cutoff) {
    auto& late = context.report.backlog;
    if (late || work.plan.how != reading::by_day)
        co_return;
    if (work.plan.days.empty()) {
        late = std::chrono::seconds(0);
        co_return;
    }
    const auto asked =
        co_await work.opened.session.query(backlog_seconds_sql(work.opened.table, work.plan.rows, cutoff));
    late = std::chrono::seconds(asked.is_null(0, 0) ? 0 : asked.integer(0, 0));
}

// Whether equal numbers of rows do not prove equal rows. The partitions are the current ones, not the
// snapshot's.
awaitable<void> look_at_table(archive_transaction& work) {
    const auto oid = std::to_string(work.opened.table.named.oid);
    const std::array parameters{db::parameter(oid)};
    const auto sql =
        fmt::format("WITH members AS (SELECT relid FROM pg_partition_tree($1::oid::regclass)"
                    " UNION SELECT $1::oid::regclass) SELECT row_security_active($1::oid),"
                    " EXISTS (SELECT FROM pg_trigger WHERE tgrelid IN (SELECT relid FROM members)"
                    "         AND NOT tgisinternal AND {}), relid::oid::text FROM members",
                    db::is_trigger_on_delete);
    const auto asked = co_await work.opened.session.query(sql, parameters);
    work.policies_apply = asked.boolean(0, 0);
    work.compare_rows = work.policies_apply || asked.boolean(0, 1);
    for (int row = 0; row < asked.rows(); ++row)
        work.members.emplace(asked.text(row, 2));
}

void must_be_by_this_time(const lake::file_map& files, const table_description& table,
                          const std::string& column) {
    const auto other = [&column](const std::string& name) { return name != column; };
    if (std::ranges::none_of(files.time_columns(), other))
        return;
    for (const auto& [key, file] : files)
        if (const auto mistake = time_mistake(file, table, column))
            throw async::error(*mistake);
}

std::function<std::string()> if_any_are_removed(partition_removal how, std::function<std::string()> cutoff) {
    return how == partition_removal::none ? std::function<std::string()>() : std::move(cutoff);
}

} // namespace

archive_run::archive_run(const run_context& context)
    : context_(context)
    , tools_(context)
    , opener_(context,
              if_any_are_removed(context.settings.partitions, [this] { return cutoff_expression(); }))
    , loop_(context, tools_, opener_, absent_container::is_made)
    , files_(context)
    , known_(tools_, context_.log) {}

awaitable<void> archive_run::run() {
    co_await loop_.repeat([this](run_transaction& opened) { return attempt(opened); });
    if (!left_out_.empty())
        throw async::error(left_out_.begin()->second);
}

awaitable<attempt_result> archive_run::attempt(run_transaction& opened) {
    db::must_be_identified(opened.position);
    co_await context_.lake.must_take(context_.settings.placement.tags);
    context_.report.enter(run_phase::planning);
    const auto shape = co_await read_shape(opened.session, opened.table.named.oid);
    must_have_shape(shape);
    tell_hidden(shape);
    must_be_by_this_time(opened.files, opened.table, context_.settings.time_column);
    archive_transaction work(opened);
    co_await look_at_table(work);
    work.hides_rows = work.policies_apply || !shape.unfinished.empty();
    co_await plan(work);
    co_await measure_backlog(context_, work, cutoff_);
    if (work.plan.how == reading::by_day && work.plan.days.empty()) {
        co_await must_be_as_restored(context_, work);
        co_await end_restores(work);
        co_return attempt_result::finished;
    }
    must_be_deletable(shape, context_.settings.partitions == partition_removal::none);
    std::vector<lake::day> planned;
    for (const auto& each : work.plan.days)
        planned.push_back(each.which);
    co_await known_.must_be_there(opened, std::move(planned));
    co_await foresee_side_effects(opened);
    co_await must_come_back_as_it_is(opened, work.plan.rows);
    if (co_await prepare_files(work))
        co_return attempt_result::settled;

    const auto order = co_await find_deletion_order(context_, work);
    const auto failed = co_await async::caught(stage_rows(context_, tools_.ledger, work, cutoff_, order));
    if (failed) {
        leave_out(work, failed);
        co_await opened.transaction->rollback();
        co_return attempt_result::part_done;
    }
    if (work.rows() == 0) // no row is read if another table has the name by now
        co_await must_still_be_named(opened.session, opened.table.named);
    co_await must_be_as_restored(context_, work);
    co_await must_not_have_moved(context_, work);
    co_await end_restores(work);
    if (work.rows() == 0)
        co_return attempt_result::finished;
    std::vector<lake::day> staged; // a single scan knows them only now
    for (const auto& [which, file] : work.staging->files())
        staged.push_back(which);
    if (work.plan.how != reading::by_day)
        co_await known_.must_be_there(opened, std::move(staged));

    co_await delete_rows(context_, work, cutoff_, attached_);
    co_await must_have_kept_definitions(context_, opened);
    if (!context_.settings.dry_run)
        co_await known_.record_types(opened.table);
    archive_commit ending(context_, tools_, work);
    co_await ending.run();
    const bool by_day = context_.settings.commit == commit_unit::day;
    if (by_day && !work.plan.days.empty())
        lower_bound_ = work.plan.rows.upper;
    co_return by_day && !context_.settings.dry_run ? attempt_result::part_done : attempt_result::finished;
}

// With a transaction for each day, a day that has a row which the server cannot send is left out: the other
// days are archived, and the run then ends with the error. Rethrows any other failure.
void archive_run::leave_out(const archive_transaction& work, const std::exception_ptr& failed) {
    try {
        std::rethrow_exception(failed);
    } catch (const row_not_sent& row) {
        const auto is_it = [&row](const planned_day& planned) { return planned.which == row.which(); };
        if (context_.settings.commit != commit_unit::day || context_.settings.dry_run ||
            !work.opened.session.usable() || !std::ranges::any_of(work.plan.days, is_it))
            throw;
        left_out_.emplace(*row.which(), row);
        const auto day = row.which()->text();
        context_.log.warn("day.left_out", "a day stays in the table: the server cannot send a row of it",
                          {{"day", day}, {"error.message", row.what()}});
    }
}

std::string archive_run::cutoff_expression() const {
    return cutoff_.empty() ? cutoff_sql(context_.settings)
                           : fmt::format("timestamp {}", db::connection::literal(cutoff_));
}

awaitable<void> archive_run::plan(archive_transaction& work) {
    const async::span shown(context_.log, "job", "plan");
    auto& session = work.opened.session;
    auto& report = context_.report;
    if (cutoff_.empty())
        cutoff_ = co_await find_cutoff(session, context_.settings);
    report.cutoff = work.cutoff = cutoff_;
    plan_start from{cutoff_, lower_bound_, {report.days, report.rows_deleted}};
    from.held = co_await held_days(work.opened);
    auto made =
        co_await make_plan(session, work.opened.table, context_.settings, from, counting::where_needed);
    work.rows_dayless = made.rows_dayless;
    work.plan = std::move(made.chosen);

    report.rows_planned = 0;
    for (const auto& planned : work.plan.days)
        report.rows_planned += planned.rows;
    report.days_planned = work.plan.days.size();
    report.rows_read = report.bytes_read = report.days_staged = report.rows_stored = 0;
    report.run_days_planned = report.days + made.days_of_run;
    report.run_rows_planned = report.rows + report.rows_recognised + made.rows_of_run;
    std::vector<async::log_field> fields{{"cutoff", cutoff_},
                                         {"reading", describe(work.plan.how)},
                                         {"days", report.days_planned},
                                         {"rows", report.rows_planned},
                                         {"files", work.opened.files.size()}};
    if (context_.settings.commit == commit_unit::day) {
        fields.emplace_back("run_days", report.run_days_planned);
        fields.emplace_back("run_rows", report.run_rows_planned);
    }
    context_.log.info("plan", "planned which rows to archive", std::span<const async::log_field>(fields));
}

// Days that were moved back into the table and stay there for a while.
awaitable<std::vector<lake::day>> archive_run::held_days(const run_transaction& opened) {
    std::set<lake::day> held;
    for (const auto* file : co_await held_files(opened.session, opened.files)) {
        const auto which = file->key().which;
        held.insert(which);
        if (held_days_said_)
            continue;
        context_.log.info("day.held", "skipped a restored day that is on hold",
                          {{"day", which.text()},
                           {"blob", file->properties.name},
                           {"held_until", file->mark.mark->held_until}});
    }
    held_days_said_ = true;
    for (const auto& [which, why] : left_out_)
        held.insert(which);
    co_return std::vector<lake::day>(held.begin(), held.end());
}

// Rows that were due are not archived, and no other message says so.
void archive_run::tell_hidden(const table_shape& shape) {
    if (!std::exchange(hidden_said_, true))
        for (const auto& each : shape.unfinished)
            context_.log.warn("partition.hidden", sentence_of(each),
                              {{"partition", each.partition}, {"statement", statement_to_finish(each)}});
}

// True if a file was converted: the folder is no longer as it was listed.
awaitable<bool> archive_run::prepare_files(archive_transaction& work) {
    const async::span shown(context_.log, "job", "look at files");
    co_await files_.container_must_be_changeable();
    const auto existing = co_await files_to_append_to(context_, work);
    co_await files_.must_be_writable(existing, "appended to");
    co_await judge_files_of_others(context_, work, existing);
    work.row_bytes = co_await estimate_row_bytes(context_, work);
    co_return co_await convert_append_blobs(tools_, work.opened, existing);
}

// Before the first byte moves, finds what would make the DELETE fail.
awaitable<void> archive_run::foresee_side_effects(const run_transaction& opened) {
    const auto watch = co_await watch_table(opened.session, opened.table.named.oid, context_.settings);
    const auto foreseen = co_await db::foresee_effects(opened.session, watch);
    if (!foreseen.empty() && !effects_said_)
        context_.log.info("side_effects.possible",
                          "the DELETE may change other rows: what it changes is counted before COMMIT",
                          {{"by", db::in_words(foreseen)}});
    effects_said_ = true;
}

// Restored days that are due again and of which the table has no row any more: their rows are in the file
// alone. If the table has rows of the day, the transaction that deletes those ends the mark.
awaitable<void> archive_run::end_restores(const archive_transaction& work) {
    if (context_.settings.dry_run || work.hides_rows)
        co_return;
    const auto& rows = work.plan.rows;
    for (const auto* file : work.opened.files.with(lake::file_trait::restored)) {
        const auto which = file->key().which;
        if (!has_whole_day(rows, which) || (work.staging && work.staging->files().contains(which)))
            continue;
        const bool may_end = co_await known_.end_restore(*file);
        if (!may_end)
            continue;
        async::fault_point("restore-ended");
        co_await tools_.restores.archive_again(*file);
        context_.log.warn("day.archived_again",
                          "no row of a restored day is in the table any more: its file is final again",
                          {{"day", which.text()},
                           {"blob", file->properties.name},
                           {"hint", "If a run archived them into another folder (ARCHIVE_PATH), each of these"
                                    " rows is in two files now: keep one of them."}});
    }
}

} // namespace archive
