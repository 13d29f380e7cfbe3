#include "exports/rows/row_deletion.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/each_row.hpp"
#include "db/error.hpp"
#include "db/side_effects.hpp"
#include "exports/rows/deletion_watch.hpp"
#include "exports/task/target_table.hpp"
#include "exports/task/task_sql.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace exports {

using async::failure;
using async::fault_point;

awaitable<void> row_deletion::read(const exports::task& task, lake::day boundary) {
    statement_ = shape_of_delete(bound_sql_of(task.delete_sql, boundary));
    if (!statement_.mistake.empty())
        throw async::error(failure::precondition, fmt::format("'{}', {}", file(), statement_.mistake));
    opened_.report.verified = !statement_.unverified;
    if (!statement_.unverified && !statement_.obstacle.empty())
        throw_incomparable(opened_.task(), statement_.obstacle);
    std::optional<target_table> target;
    if (!statement_.target.empty())
        target = co_await naming(file(), find_target(opened_.session, statement_.target, statement_.only));
    relation_ = target ? target->relation : 0;
    partitions_ = co_await partitions_of(opened_.session, relation_);
    if (relation_ != 0)
        heirs_ = co_await db::heirs_of(opened_.session, relation_);
    if (statement_.unverified)
        co_return;
    if (!target) // the server's own error
        throw db::error(failure::precondition,
                        fmt::format("'{}': relation '{}' does not exist", file(), statement_.target), "42P01",
                        true);
    compared_ = row_comparison(std::move(*target));
}

// An explicit list does not have the columns that the table got later.
void row_deletion::warn_of_columns() const {
    std::vector<std::string> unsaid;
    for (const auto& each : compared_.left_out())
        if (std::ranges::find(statement_.left_out, each) == statement_.left_out.end())
            unsaid.push_back(each);
    if (unsaid.empty())
        return;
    const auto columns = fmt::format("{}", fmt::join(unsaid, ", "));
    const auto table = compared_.table();
    context_.log.warn("export.columns_left_out",
                      "the rows to be deleted have columns that select.sql does not export: their values are"
                      " in no file",
                      {{"task", opened_.task()}, {"table", table}, {"columns", columns}});
}

awaitable<void> row_deletion::run(std::uint64_t rows, const db::change_counters& untouched) {
    const async::span shown(context_.log, "job", "delete", opened_.task());
    deletion_watch watch(context_, opened_);
    co_await watch.begin(relation_, statement_.target);
    std::uint64_t deleted = 0;
    if (compared_.compares())
        deleted = co_await delete_compared(rows);
    else
        deleted = co_await delete_counted();
    fault_point("export-deleted");
    const bool proved = deleted == rows && compared_.compares() && compared_.same_rows();
    if (!proved)
        co_await must_have_the_same_members();
    if (deleted != rows)
        throw_unequal(opened_.task(), rows, "deleted", deleted);
    if (compared_.compares())
        co_await must_be_the_same_rows(rows);
    // A deferred constraint must fail before anything depends on this transaction.
    co_await opened_.session.execute("SET CONSTRAINTS ALL IMMEDIATE");
    if (deleted > 0)
        co_await watch.look(untouched, rows);
    if (deleted > 0 && compared_.compares())
        warn_of_columns();
}

awaitable<std::uint64_t> row_deletion::delete_compared(std::uint64_t rows) {
    co_await opened_.session.execute("SAVEPOINT deleting");
    const db::row_function add = [this](std::string_view line) {
        if (!compared_.add_deleted(line))
            throw_incomparable(opened_.task(),
                               "select.sql exports other columns than those of " + compared_.table());
    };
    const auto sql = compared_.delete_sql(statement_);
    co_return co_await naming(file(), db::for_each_row(opened_.session, sql, add, rows));
}

// Rows that the author's own RETURNING returns are not needed: each is read and dropped.
awaitable<std::uint64_t> row_deletion::delete_counted() {
    if (!statement_.own_returning.empty()) {
        const auto sql =
            fmt::format("COPY ({}\nRETURNING {}) TO STDOUT", statement_.statement, statement_.own_returning);
        const db::row_function drop = [](std::string_view) {};
        co_return co_await naming(file(), db::for_each_row(opened_.session, sql, drop));
    }
    // The extended protocol takes one statement and no more.
    const auto done = co_await naming(file(), opened_.session.query(statement_.statement));
    if (!done.command_tag().starts_with("DELETE "))
        throw async::error(failure::precondition,
                           fmt::format("'{}' was {}, where a DELETE is expected", file(), done.command_tag()),
                           "Nothing was deleted.");
    co_return done.rows_affected();
}

// DELETE sees a partition or a child that was attached meanwhile, and the rows of it that no COPY has read.
// Where the digests agree, it had no such rows. The snapshot of this transaction shows no new child; another
// session does.
awaitable<void> row_deletion::must_have_the_same_members() {
    const auto partitions = co_await partitions_of(opened_.session, relation_);
    if (partitions != partitions_)
        throw lake::conflict(fmt::format("partitions of {} were attached or detached while rows were read",
                                         statement_.target));
    if (relation_ == 0)
        co_return;
    auto heirs = heirs_;
    const std::function<awaitable<void>(db::connection&)> look =
        [this, &heirs](db::connection& session) -> awaitable<void> {
        co_await db::must_be_of_server(session, opened_.position);
        heirs = co_await db::heirs_of(session, relation_);
    };
    const auto not_told = co_await async::caught_error(db::with_session(context_.database, look));
    if (not_told) // a role may have one connection
        context_.log.debug("export.heirs_unknown",
                           "another session could not look for new children of a table",
                           {{"task", opened_.task()}, {"error.message", async::describe(not_told)}});
    else if (heirs != heirs_)
        throw lake::conflict(fmt::format("a table began or ceased to inherit from {} while rows were read",
                                         statement_.target));
}

awaitable<void> row_deletion::must_be_the_same_rows(std::uint64_t rows) {
    if (compared_.same_rows())
        co_return;
    const auto columns = co_await compared_.columns_that_differ(opened_.session);
    throw async::error(
        failure::integrity,
        fmt::format("task '{}': the {} rows that delete.sql deleted are not the {} rows that select.sql "
                    "exported{}",
                    opened_.task(), rows, rows, columns),
        "Both must mean the same rows, whatever order the server reads them in: give ORDER BY a unique "
        "key where there is a LIMIT. Columns must be exported as the table has them. Nothing was "
        "deleted.");
}

} // namespace exports
