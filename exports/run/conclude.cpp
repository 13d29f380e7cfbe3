#include "exports/run/conclude.hpp"

#include "async/error.hpp"
#include "db/error.hpp"

namespace exports {

void conclude(task_report& report, const std::exception_ptr& failed, async::log& log) {
    const auto milliseconds = std::int64_t{report.took.count()};
    if (!failed) {
        if (report.outcome == outcome::empty)
            log.warn("export.empty",
                     "exported no rows; if that is unexpected, look for a NULL in NOT IN: see \"A task "
                     "exports nothing for days\" in docs/runbook.md",
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
