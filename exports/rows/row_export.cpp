#include "exports/rows/row_export.hpp"

#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "db/error.hpp"
#include "exports/rows/row_deletion.hpp"
#include "exports/rows/select_watch.hpp"
#include "exports/task/encoding_check.hpp"
#include "exports/task/task_sql.hpp"
#include "exports/transaction/export_commit.hpp"

#include <fmt/format.h>

#include <utility>

namespace exports {

using async::failure;
using async::fault_point;

awaitable<void> row_export::run() {
    const auto boundary = co_await fix_boundary();
    const auto name = file_name::at(task_.name, boundary);
    row_deletion deletion(context_, opened_);
    co_await deletion.read(task_, boundary);
    opened_.draft = co_await context_.sink.begin(name, context_.new_nonce());
    select_watch watch(opened_.session);
    co_await watch.begin();
    co_await copy_rows(boundary, deletion.compared());
    co_await watch.look(task_.name);
    co_await deletion.run(mark_.rows, watch.counters());
    mark_.evidence = text_of(deletion.compared().evidence());
    co_await end();
}

awaitable<void> row_export::end() {
    auto& report = opened_.report;
    const bool nothing = mark_.rows == 0;
    if (nothing || context_.settings.dry_run) {
        co_await opened_.transaction->rollback();
        co_await opened_.draft->take_back();
        report.outcome = nothing ? outcome::empty : outcome::tried;
    } else {
        export_commit ending(context_, opened_, mark_);
        co_await ending.run();
        report.outcome = outcome::exported;
        report.file = opened_.draft->name();
        report.transaction = mark_.author.transaction;
    }
    report.rows = mark_.rows;
    report.bytes = nothing ? 0 : mark_.bytes;
    report.csv_bytes = nothing ? 0 : mark_.csv_bytes;
}

// The midnight at which today begins, by the server's clock, or the one that was asked for.
awaitable<lake::day> row_export::fix_boundary() {
    const auto& settings = context_.settings;
    try {
        co_await opened_.session.execute("SET LOCAL TimeZone = " +
                                         db::connection::literal(settings.time_zone));
    } catch (const db::error& failed) {
        if (failed.state() != "22023") // invalid_parameter_value
            throw;
        throw async::error(
            failure::usage,
            fmt::format("EXPORT_TIME_ZONE is '{}': the database server knows no such time zone",
                        settings.time_zone),
            "Give a name of pg_timezone_names: UTC, Europe/Tallinn.");
    }
    const auto asked = co_await opened_.session.query(
        "SELECT pg_catalog.to_char(current_date::pg_catalog.timestamp, 'YYYY-MM-DD'::pg_catalog.text),"
        " pg_catalog.current_setting('TimeZone'::pg_catalog.text)");
    const auto today = lake::day::from_text(asked.text(0, 0));
    if (!today)
        throw async::error(failure::precondition, "the database server's clock shows no usual date");
    const auto boundary = settings.boundary.value_or(*today);
    if (boundary > *today)
        throw async::error(
            failure::usage,
            fmt::format("--boundary is {}, and today is {} in {}: give today or a day before it",
                        boundary.text(), today->text(), settings.time_zone));
    opened_.report.boundary = fmt::format("{} 00:00:00 {}", boundary.text(), asked.text(0, 1));
    co_return boundary;
}

awaitable<void> row_export::copy_rows(lake::day boundary, row_comparison& compared) {
    const async::span shown(context_.log, "job", "copy", task_.name);
    const auto sql = bound_sql_of(task_.select_sql, boundary);
    const auto shape = shape_of_select(sql);
    co_await must_come_back(opened_.session, task_.name, shape);
    file_writer writer(*opened_.draft,
                       shape.usual_dialect ? file_writer::counting::rows : file_writer::counting::messages);
    const auto sent = co_await copy_into(writer, sql, shape, compared);
    if (writer.lines() == 0)
        throw async::error(failure::integrity, fmt::format("task '{}': COPY sent no header", task_.name));
    mark_.task = task_.name;
    mark_.rows = writer.lines() - 1;
    mark_.bytes = writer.bytes();
    mark_.csv_bytes = writer.csv_bytes();
    mark_.crc = writer.crc();
    if (mark_.rows != sent)
        throw_unequal(task_.name, mark_.rows, "says that it sent", sent);
    fault_point("export-copied");
}

// Returns the number of rows that the server says it sent.
awaitable<std::uint64_t> row_export::copy_into(file_writer& writer, const std::string& sql,
                                               const select_shape& shape, row_comparison& compared) {
    const auto file = task_.name + "/select.sql";
    auto copy = co_await naming(file, opened_.session.start_copy_out(sql));
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
                if (std::exchange(header, false))
                    plan_comparison(compared, shape, row->text());
                else
                    compared.add_exported(row->text());
                writer.add(row->text());
                if (writer.full())
                    co_await writer.write();
            }
        } while (co_await naming(file, copy.wait()));
        co_await writer.finish();
    } catch (const csv::malformed& wrong) {
        throw async::error(failure::integrity,
                           fmt::format("task '{}': what COPY sent is not CSV: {}", task_.name, wrong.what()));
    }
    co_return copy.rows_sent();
}

void row_export::plan_comparison(row_comparison& compared, const select_shape& shape,
                                 std::string_view header) const {
    const auto why = compared.plan(shape, header, context_.settings.time_zone);
    if (!why.empty())
        throw_incomparable(task_.name, why);
}

} // namespace exports
