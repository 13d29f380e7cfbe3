#include "exports/transaction/task_loop.hpp"

#include "async/cleanup.hpp"
#include "async/fault_point.hpp"
#include "async/race.hpp"
#include "exports/transaction/export_settling.hpp"
#include "exports/transaction/task_opener.hpp"
#include "lake/commit/attempts.hpp"

#include <fmt/format.h>

#include <utility>

namespace exports {

using async::fault_point;
using lake::attempt_result;

namespace {

awaitable<attempt_result> work_in(const export_context& context, task_transaction& opened,
                                  const task_body& body) {
    const auto opening = co_await open_task(context, opened);
    if (opening != task_opening::open)
        co_return opening == task_opening::lock_busy ? attempt_result::lock_busy : attempt_result::lease_busy;
    fault_point("export-locked");
    export_settling settling(context, opened);
    const bool settled = co_await settling.settle();
    if (settled && body)
        co_await body(opened);
    co_await leave_task(context, opened);
    co_return settled ? attempt_result::finished : attempt_result::tail_waiting;
}

// COMMIT was not sent, or was refused. If `fate_open`, its outcome is not known, and the next run settles the
// file.
awaitable<void> undo(const export_context& context, task_transaction& opened) {
    const auto deadline = context.stop.undo_by();
    fault_point("export-before-undo");
    co_await opened.session.abandon(deadline);
    fault_point("export-rolled-back");
    if (opened.draft && !opened.fate_open)
        co_await async::with_deadline(opened.draft->take_back(), deadline, "the file to be taken back");
}

// Not in db::with_session: the file is taken back once the session has ended, in one time limit for both.
awaitable<attempt_result> attempt(const export_context& context, task_report& report, const task_body& body) {
    ++report.attempts;
    const auto& database = context.database;
    const auto session = co_await db::connection::open(database.options, database.helper, database.log);
    task_transaction opened(*session, report);
    auto result = attempt_result::finished;
    const auto all = [&context, &opened, &body, &result]() -> awaitable<void> {
        result = co_await work_in(context, opened, body);
    };
    co_await async::with_cleanup(
        all(), [&context, &opened] { return undo(context, opened); }, async::stop_source::undo_patience,
        [&context, &opened](std::exception_ptr failed) {
            context.log.warn("export.not_undone",
                             "a failed export left files: the task's next run removes them",
                             {{"task", opened.task()}, {"error.message", async::describe(failed)}});
        });
    co_return result;
}

} // namespace

awaitable<void> repeat_task(const export_context& context, task_report& report, task_body body) {
    lake::attempt_steps steps;
    steps.attempt = [&context, &report, &body] { return attempt(context, report, body); };
    steps.tell_again = [&context, &report](const std::exception_ptr& conflict, int times) {
        context.log.warn(
            "export.again", "the task's rows were changed meanwhile: it begins again",
            {{"task", report.task}, {"error.message", async::describe(conflict)}, {"attempt", times}});
    };
    steps.lock_is_held = [&report] { return lock_is_held(report); };
    steps.tail_is_open = [&report] {
        return async::error(async::failure::locked,
                            fmt::format("a file of task '{}' waits for a transaction that is still in"
                                        " progress on the server",
                                        report.task),
                            "If no other run is at work, its connection will end by itself; look in"
                            " pg_stat_activity.");
    };
    const auto& settings = context.settings;
    lake::attempt_limits limits{context.sink.lease(), context.stop, settings.lock_wait, settings.settle_wait};
    co_await lake::repeat_attempts(limits, std::move(steps));
}

} // namespace exports
