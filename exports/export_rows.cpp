// One transaction of an export from COPY to COMMIT.
// Tested by tests/integration/test_export_rows.py.

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/committing.hpp"
#include "db/error.hpp"
#include "db/position.hpp"
#include "exports/attempt.hpp"
#include "exports/file_writer.hpp"
#include "exports/select_shape.hpp"
#include "exports/task_sql.hpp"
#include "lake/two_step_commit.hpp"

#include <fmt/format.h>

namespace exports {

using async::failure;
using async::fault_point;

awaitable<void> exporter::export_rows(attempt& work, const exports::task& task) {
    co_await fix_boundary(work);
    const auto name = file_name::at(task.name, *work.boundary);
    co_await read_delete(work, task);
    work.draft = co_await context_.sink.begin(name, context_.new_nonce());
    co_await watch_select(work);
    co_await copy_rows(work, task);
    co_await look_at_select(work);
    co_await delete_rows(work, task);
    const bool nothing = work.mark.rows == 0;
    if (nothing || context_.settings.dry_run) {
        co_await work.transaction->rollback();
        co_await work.draft->take_back();
        work.report.outcome = nothing ? outcome::empty : outcome::tried;
    } else {
        co_await commit(work);
        work.report.outcome = outcome::exported;
        work.report.file = work.draft->name();
        work.report.transaction = work.mark.author.transaction;
    }
    work.report.rows = work.mark.rows;
    work.report.bytes = nothing ? 0 : work.mark.bytes;
    work.report.csv_bytes = nothing ? 0 : work.mark.csv_bytes;
}

// The midnight at which today begins, by the server's clock, or the one that was asked for.
awaitable<void> exporter::fix_boundary(attempt& work) {
    const auto& settings = context_.settings;
    try {
        co_await work.session.execute("SET LOCAL TimeZone = " + db::connection::literal(settings.time_zone));
    } catch (const db::error& failed) {
        if (failed.state() != "22023") // invalid_parameter_value
            throw;
        throw async::error(
            failure::usage,
            fmt::format("EXPORT_TIME_ZONE is '{}': the database server knows no such time zone",
                        settings.time_zone),
            "Give a name of pg_timezone_names: UTC, Europe/Tallinn.");
    }
    const auto asked = co_await work.session.query(
        "SELECT pg_catalog.to_char(current_date::pg_catalog.timestamp, 'YYYY-MM-DD'::pg_catalog.text),"
        " pg_catalog.current_setting('TimeZone'::pg_catalog.text)");
    const auto today = lake::day::from_text(asked.text(0, 0));
    if (!today)
        throw async::error(failure::precondition, "the database server's clock shows no usual date");
    work.boundary = settings.boundary.value_or(*today);
    if (*work.boundary > *today)
        throw async::error(
            failure::usage,
            fmt::format("--boundary is {}, and today is {} in {}: give today or a day before it",
                        work.boundary->text(), today->text(), settings.time_zone));
    work.report.boundary = fmt::format("{} 00:00:00 {}", work.boundary->text(), asked.text(0, 1));
}

awaitable<void> exporter::copy_rows(attempt& work, const exports::task& task) {
    const async::span shown(context_.log, "job", "copy", task.name);
    const auto sql = bound_sql_of(task.select_sql, *work.boundary);
    const auto shape = shape_of_select(sql);
    co_await must_come_back(work, shape);
    file_writer writer(*work.draft,
                       shape.usual_dialect ? file_writer::counting::rows : file_writer::counting::messages);
    const auto file = task.name + "/select.sql";
    auto copy = co_await naming(file, work.session.start_copy_out(sql));
    fault_point("export-copying");
    bool header = true;
    export_progress unseen;
    auto& progress = context_.progress != nullptr ? *context_.progress : unseen;
    progress = {};
    try {
        do {
            while (const auto row = copy.next()) {
                progress.rows += header ? 0 : 1;
                progress.bytes += row->text().size();
                if (!std::exchange(header, false))
                    work.compared.add_exported(row->text());
                else if (const auto why = work.compared.plan(shape, row->text(), context_.settings.time_zone);
                         !why.empty())
                    throw_incomparable(task.name, why);
                writer.add(row->text());
                if (writer.full())
                    co_await writer.write();
            }
        } while (co_await naming(file, copy.wait()));
        co_await writer.finish();
    } catch (const csv::malformed& wrong) {
        throw async::error(failure::integrity,
                           fmt::format("task '{}': what COPY sent is not CSV: {}", task.name, wrong.what()));
    }
    if (writer.lines() == 0)
        throw async::error(failure::integrity, fmt::format("task '{}': COPY sent no header", task.name));
    work.mark.task = task.name;
    work.mark.rows = writer.lines() - 1;
    work.mark.bytes = writer.bytes();
    work.mark.csv_bytes = writer.csv_bytes();
    work.mark.crc = writer.crc();
    if (work.mark.rows != copy.rows_sent())
        throw_unequal(task.name, work.mark.rows, "says that it sent", copy.rows_sent());
    fault_point("export-copied");
}

// From here on the file depends on the transaction.
awaitable<void> exporter::prepare(attempt& work) {
    work.mark.author.run = context_.run_id;
    work.mark.evidence = text_of(work.compared.evidence());
    work.mark.author.position = co_await db::position_of(work.session);
    const auto number =
        co_await work.session.query("SELECT pg_catalog.pg_current_xact_id()::pg_catalog.text");
    work.mark.author.transaction = number.text(0, 0);
    co_await db::make_number_durable(context_.database, work.mark.author.position);
    if (context_.stop.requested())
        async::throw_cancelled();
    if (auto* const lease = context_.sink.lease())
        co_await lease->sign();
    co_await async::shielded(work.draft->prepare(work.mark));
    fault_point("export-prepared");
    co_await work.draft->must_stand();
}

awaitable<void> exporter::commit(attempt& work) {
    lake::commit_steps steps;
    steps.announce = [this, &work]() -> awaitable<db::transaction_mark> {
        co_await prepare(work);
        work.fate_open = true;
        co_return work.mark.author;
    };
    steps.finalise = [this, &work] { return show(work); };
    steps.take_back = [&work]() -> awaitable<void> {
        work.fate_open = false; // `undo` takes the file back
        co_return;
    };
    lake::commit_context context{context_.database, work.session, *work.transaction, context_.sink.lease(),
                                 context_.stop};
    co_await lake::commit_in_two_steps(context, std::move(steps));
}

// The rows are deleted; the next run does the rest.
awaitable<void> exporter::show(attempt& work) {
    auto failed = co_await async::caught(work.draft->finalise());
    // A missing file is worse than a mark that is left: its rows are in neither place.
    if (failed && async::failure_of(failed) == failure::integrity)
        std::rethrow_exception(failed);
    auto now = draft::whereabouts::there; // if the storage cannot be reached: it was there before COMMIT
    try {
        now = co_await work.draft->look();
    } catch (const async::error&) {
        if (!failed)
            failed = std::current_exception();
    }
    if (now == draft::whereabouts::hidden && failed)
        std::rethrow_exception(failed);
    if (now != draft::whereabouts::there)
        throw async::error(
            failure::integrity,
            fmt::format("task '{}': {} rows were deleted for '{}', and it is not there", work.task,
                        work.mark.rows, work.draft->name()),
            "Somebody has moved or removed it since it was made: find it, it is the only copy of "
            "these rows.");
    if (failed)
        context_.log.warn(
            "finalise.failed", "a file is still marked as uncommitted: the next run clears the mark",
            {{"task", work.task}, {"file", work.draft->name()}, {"error.message", async::describe(failed)}});
}

} // namespace exports
