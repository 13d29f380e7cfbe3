#include "exports/exporter.hpp"

#include "async/cleanup.hpp"
#include "async/fault_point.hpp"
#include "async/race.hpp"
#include "async/timeline.hpp"
#include "db/error.hpp"
#include "db/lock_timeout.hpp"
#include "db/position.hpp"
#include "db/session_names.hpp"
#include "exports/attempt.hpp"
#include "exports/task_sql.hpp"
#include "lake/leave_folder.hpp"

#include <fmt/format.h>

namespace exports {

using async::failure;
using async::fault_point;
using lake::attempt_result;

async::error exporter::lock_is_held(const std::string& task, const std::string& holder) {
    return {failure::locked,
            fmt::format("another run of task '{}' is at work{}{}", task, holder.empty() ? "" : ": ", holder),
            "If that is not a run of event-archiver, somebody else has taken its advisory lock: end that "
            "session."};
}

awaitable<task_report> exporter::run(exports::task task) {
    using namespace std::chrono;
    const auto started = steady_clock::now();
    task_report report;
    report.task = task.name;
    report.began = floor<milliseconds>(system_clock::now());
    std::exception_ptr failed;
    try {
        const async::span shown(context_.log, "job", "export", task.name);
        if (!task.mistake.empty())
            throw async::error(failure::precondition, task.mistake, std::string(fix_file_hint));
        co_await repeat(task.name, report, [this, &task](attempt& work) { return export_rows(work, task); });
    } catch (...) {
        failed = std::current_exception();
    }
    report.took = duration_cast<milliseconds>(steady_clock::now() - started);
    if (failed && async::is_cancellation(failed))
        std::rethrow_exception(failed);
    conclude(report, failed);
    co_return report;
}

awaitable<void> exporter::repeat(std::string task, task_report& report, attempt_body body) {
    lake::attempt_steps steps;
    steps.attempt = [this, &task, &report, &body] {
        ++report.attempts;
        return try_once(task, report, body);
    };
    steps.tell_again = [this, &task](const std::exception_ptr& conflict, int times) {
        context_.log.warn("export.again", "the task's rows were changed meanwhile: it begins again",
                          {{"task", task}, {"error.message", async::describe(conflict)}, {"attempt", times}});
    };
    steps.lock_is_held = [&task, &report] { return lock_is_held(task, report.lock_holder); };
    steps.tail_is_open = [&task] {
        return async::error(failure::locked,
                            fmt::format("a file of task '{}' waits for a transaction that is still in"
                                        " progress on the server",
                                        task),
                            "If no other run is at work, its connection will end by itself; look in"
                            " pg_stat_activity.");
    };
    const auto& settings = context_.settings;
    lake::attempt_limits limits{context_.sink.lease(), context_.stop, settings.lock_wait,
                                settings.settle_wait};
    co_await lake::repeat_attempts(limits, std::move(steps));
}

awaitable<attempt_result> exporter::try_once(const std::string& task, task_report& report,
                                             const attempt_body& body) {
    const auto& database = context_.database;
    const auto session = co_await db::connection::open(database.options, database.helper, database.log);
    attempt work(*session, task, report);
    auto result = attempt_result::finished;
    const auto all = [this, &work, &body, &result]() -> awaitable<void> {
        result = co_await inside(work, body);
    };
    co_await async::with_cleanup(
        all(), [this, &work] { return undo(work); }, async::stop_source::undo_patience,
        [this, &work](std::exception_ptr failed) {
            context_.log.warn("export.not_undone",
                              "a failed export left files: the task's next run removes them",
                              {{"task", work.task}, {"error.message", async::describe(failed)}});
        });
    co_return result;
}

awaitable<attempt_result> exporter::inside(attempt& work, const attempt_body& body) {
    if (!co_await open(work)) {
        co_await work.transaction->rollback();
        co_return work.lease_busy ? attempt_result::lease_busy : attempt_result::lock_busy;
    }
    fault_point("export-locked");
    const bool settled = co_await settle(work);
    if (settled && body)
        co_await body(work);
    co_await leave(work);
    co_return settled ? attempt_result::finished : attempt_result::tail_waiting;
}

// Begins the transaction in the time zone of the export, and returns true with the task's lock. It tries the
// lock without waiting: the wait would be inside the snapshot.
awaitable<bool> exporter::open(attempt& work) {
    db::transaction_options options;
    options.runs = db::statements::users;
    options.lock_timeout = db::lock_timeout_of(context_.settings.settle_wait);
    work.transaction = co_await db::transaction::begin(work.session, options);
    const auto key = fmt::format("event-archiver/export/{}", work.task);
    const auto locked = co_await work.session.query("SELECT pg_catalog.pg_try_advisory_xact_lock("
                                                    "pg_catalog.hashtextextended($1::pg_catalog.text, "
                                                    "0::pg_catalog.int8))",
                                                    key);
    if (!locked.boolean(0, 0)) {
        work.report.lock_holder = co_await db::holders_of(work.session, key);
        co_return false;
    }
    work.position = co_await db::position_of(work.session);
    db::must_be_identified(work.position);
    co_await take_lease(work);
    co_return !work.lease_busy;
}

// Tasks run at the same time: all hold the lease together, and the last of them on this server releases it.
awaitable<void> exporter::take_lease(attempt& work) {
    auto* const lease = context_.sink.lease();
    if (lease == nullptr)
        co_return;
    const auto shared = co_await work.session.query(
        "SELECT pg_catalog.pg_try_advisory_xact_lock_shared(pg_catalog.hashtextextended("
        "'event-archiver/exports'::pg_catalog.text, 0::pg_catalog.int8))");
    work.lease_busy = !shared.boolean(0, 0); // another run is releasing it
    if (work.lease_busy)
        co_return;
    auto claim = co_await lake::claim_of(work.session, work.position, "exports");
    work.lease_busy = !co_await lease->take(std::move(claim));
}

awaitable<void> exporter::leave(attempt& work) {
    const auto is_alone = [&work]() -> awaitable<bool> {
        const auto locked = co_await work.session.query(
            "SELECT pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended("
            "'event-archiver/exports'::pg_catalog.text, 0::pg_catalog.int8))");
        co_return locked.boolean(0, 0);
    };
    lake::departure leaving{context_.sink.lease(), work.session, work.transaction, {}, is_alone,
                            context_.log};
    co_await lake::leave_folder(std::move(leaving));
}

awaitable<void> exporter::adopt() {
    auto* const lease = context_.sink.lease();
    if (lease == nullptr)
        throw async::error(failure::usage, "exports go to a directory, which has no owner",
                           "--adopt is for a folder in a storage account: set EXPORT_TO=lake.");
    const auto& database = context_.database;
    const auto session = co_await db::connection::open(database.options, database.helper, database.log);
    const db::transaction_options options;
    auto looking = co_await db::transaction::begin(*session, options);
    const auto position = co_await db::position_of(*session);
    auto claim = co_await lake::claim_of(*session, position, "exports");
    const auto ours = lake::describe(claim.owner);
    const auto before = co_await lease->adopt(std::move(claim));
    const auto from = before ? lake::describe(*before) : std::string();
    context_.log.info("folder.adopted",
                      before ? fmt::format("the folder was handed over from {} to {}", from, ours)
                             : fmt::format("the folder belongs to {}", ours),
                      {{"from", from}, {"to", ours}});
    co_await looking.rollback();
}

// COMMIT was not sent, or was refused. If `fate_open`, its outcome is not known, and the next run settles the
// file.
awaitable<void> exporter::undo(attempt& work) {
    const auto deadline = context_.stop.undo_by();
    fault_point("export-before-undo");
    co_await work.session.abandon(deadline);
    fault_point("export-rolled-back");
    if (work.draft && !work.fate_open)
        co_await async::with_deadline(work.draft->take_back(), deadline, "the file to be taken back");
}

void exporter::conclude(task_report& report, const std::exception_ptr& failed) const {
    auto& log = context_.log;
    const auto milliseconds = std::int64_t{report.took.count()};
    if (!failed) {
        if (report.outcome == outcome::empty)
            log.warn("export.empty",
                     "exported no rows; if that is unexpected, look for a NULL in NOT IN: see \"A task "
                     "exports nothing "
                     "for days\" in docs/runbook.md",
                     {{"task", report.task}, {"boundary", report.boundary}, {"duration_ms", milliseconds}});
        else
            log.info(report.outcome == outcome::tried ? "export.tried" : "export.done",
                     report.outcome == outcome::tried ? "dry run: a task can be exported" : "exported a task",
                     {{"task", report.task},
                      {"rows", report.rows},
                      {"bytes", report.bytes},
                      {"csv_bytes", report.csv_bytes},
                      {"file", report.file},
                      {"verified", report.verified},
                      {"boundary", report.boundary},
                      {"duration_ms", milliseconds}});
        for (const auto& each : report.went_along)
            log.info("side_effects", "the DELETE changed other rows than those that were exported",
                     {{"task", report.task},
                      {"table", each.table.name},
                      {"rows_deleted", each.deleted},
                      {"rows_updated", each.updated},
                      {"rows_inserted", each.inserted}});
        return;
    }
    report.went_along.clear();
    report.outcome = outcome::failed;
    report.rows = report.bytes = report.csv_bytes = 0;
    report.file.clear();
    report.verified = false;
    report.error = async::describe(failed);
    report.kind = async::failure_of(failed);
    try {
        std::rethrow_exception(failed);
    } catch (const db::error& error) {
        report.hint = error.hint();
        report.state = error.state();
    } catch (const async::error& error) {
        report.hint = error.hint();
    } catch (...) {
        report.hint = "This is a bug in event-archiver.";
    }
    log.error("export.failed", report.error,
              {{"task", report.task},
               {"error.type", async::to_string(report.kind)},
               {"error.hint", report.hint},
               {"db.response.status_code", report.state},
               {"duration_ms", milliseconds}});
}

} // namespace exports
