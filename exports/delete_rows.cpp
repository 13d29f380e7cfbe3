// The DELETE of an export, and the proof that it deleted the rows that were exported.
// Tested by tests/integration/test_export_rows.py.

#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/each_row.hpp"
#include "db/error.hpp"
#include "exports/attempt.hpp"
#include "exports/task_sql.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

namespace exports {

using async::failure;
using async::fault_point;

namespace {

std::string delete_file(const std::string& task) { return task + "/delete.sql"; }

} // namespace

// Finds the table before the first row moves.
awaitable<void> exporter::read_delete(attempt& work, const exports::task& task) {
    work.removal = shape_of_delete(bound_sql_of(task.delete_sql, *work.boundary));
    const auto& removal = work.removal;
    if (!removal.mistake.empty())
        throw async::error(failure::precondition,
                           fmt::format("'{}', {}", delete_file(work.task), removal.mistake));
    work.report.verified = !removal.unverified;
    if (!removal.unverified && !removal.obstacle.empty())
        throw_incomparable(work.task, removal.obstacle);
    std::optional<target_table> target;
    if (!removal.target.empty())
        target =
            co_await naming(delete_file(work.task), find_target(work.session, removal.target, removal.only));
    work.relation = target ? target->relation : 0;
    if (removal.unverified)
        co_return;
    if (!target) // the server's own error
        throw db::error(
            failure::precondition,
            fmt::format("'{}': relation {} does not exist", delete_file(work.task), removal.target), "42P01",
            true);
    work.compared = row_comparison(std::move(*target));
}

// An explicit list does not have the columns that the table got later.
void exporter::warn_of_columns(const attempt& work) const {
    std::vector<std::string> unsaid;
    for (const auto& each : work.compared.left_out())
        if (std::ranges::find(work.removal.left_out, each) == work.removal.left_out.end())
            unsaid.push_back(each);
    if (unsaid.empty())
        return;
    const auto columns = fmt::format("{}", fmt::join(unsaid, ", "));
    const auto table = work.compared.table();
    context_.log.warn("export.columns_left_out",
                      "the rows to be deleted have columns that select.sql does not export: their values are"
                      " in no file",
                      {{"task", work.task}, {"table", table}, {"columns", columns}});
}

awaitable<void> exporter::delete_rows(attempt& work, const exports::task& task) {
    const async::span shown(context_.log, "job", "delete", task.name);
    co_await watch_delete(work);
    const auto deleted =
        work.compared.compares() ? co_await delete_compared(work) : co_await delete_counted(work);
    fault_point("export-deleted");
    if (deleted != work.mark.rows)
        throw_unequal(task.name, work.mark.rows, "deleted", deleted);
    // A deferred constraint must fail before anything depends on this transaction.
    co_await work.session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    if (deleted > 0)
        co_await look_at_delete(work);
    if (deleted > 0 && work.compared.compares())
        warn_of_columns(work);
}

awaitable<std::uint64_t> exporter::delete_compared(attempt& work) {
    auto& compared = work.compared;
    co_await work.session.execute("SAVEPOINT deleting");
    const db::row_function add = [&work, &compared](std::string_view line) {
        if (!compared.add_deleted(line))
            throw_incomparable(work.task,
                               "select.sql exports other columns than those of " + compared.table());
    };
    const auto sql = compared.delete_sql(work.removal);
    const auto rows =
        co_await naming(delete_file(work.task), db::for_each_row(work.session, sql, add, work.mark.rows));
    const bool same_number = rows == work.mark.rows;
    if (same_number && !compared.same_rows()) {
        const auto columns = co_await compared.columns_that_differ(work.session);
        throw async::error(
            failure::integrity,
            fmt::format("task '{}': the {} rows that delete.sql deleted are not the {} rows that select.sql "
                        "exported{}",
                        work.task, rows, work.mark.rows, columns),
            "Both must mean the same rows, whatever order the server reads them in: give ORDER BY a unique "
            "key "
            "where there is a LIMIT. Columns must be exported as the table has them. Nothing was deleted.");
    }
    co_return rows;
}

// Rows that the author's own RETURNING returns are not needed: each is read and dropped.
awaitable<std::uint64_t> exporter::delete_counted(attempt& work) {
    const auto& removal = work.removal;
    if (!removal.own_returning.empty()) {
        const auto sql =
            fmt::format("COPY ({}\nRETURNING {}) TO STDOUT", removal.statement, removal.own_returning);
        const db::row_function drop = [](std::string_view) {};
        co_return co_await naming(delete_file(work.task), db::for_each_row(work.session, sql, drop));
    }
    // The extended protocol takes one statement and no more.
    const auto done = co_await naming(delete_file(work.task), work.session.query(removal.statement));
    if (!done.command_tag().starts_with("DELETE "))
        throw async::error(failure::precondition,
                           fmt::format("'{}' was {}, where a DELETE is expected", delete_file(work.task),
                                       done.command_tag()),
                           "Nothing was deleted.");
    co_return done.rows_affected();
}

} // namespace exports
