#include "archive/stage/row_reader.hpp"

#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "csv/day_prefix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

void must_agree(std::uint64_t counted, std::uint64_t received, std::string_view where) {
    if (counted != received)
        throw async::error(failure::integrity, fmt::format("{}: the server counted {} rows and {} arrived",
                                                           where, counted, received));
}

} // namespace

awaitable<void> row_reader::read_day(db::connection& session, const planned_day& planned) {
    auto* const file = co_await target_.file_for(planned.which);
    fault_point("before-copy");
    async::span shown(context_.log, "readers", "copy", planned.which.text());
    shown.note("rows", planned.rows);
    if (target_.wants_late_rows(*file))
        co_await look_for_late(session, planned, *file);
    if (file->whole && co_await recognise_day(session, planned, *file)) {
        target_.finish(*file);
        fault_point("day-copied");
        co_return;
    }
    const auto sql = copy_day_sql(context_.table, one_day(context_.rows, planned.which));
    auto copy = co_await session.start_copy_out(sql, planned.rows);
    std::uint64_t received = 0;
    do {
        std::uint64_t bytes = 0;
        while (auto row = copy.next()) {
            ++received;
            bytes += row->text().size();
            if (!target_.try_append(*file, row->text()))
                co_await target_.append_when_possible(*file, row->text());
        }
        co_await context_.limit.spend(bytes);
    } while (co_await copy.wait());

    must_agree(copy.rows_sent(), received, file->name);
    must_agree(planned.rows, received, file->name);
    target_.finish(*file);
    fault_point("day-copied");
    context_.log.debug("day.copied", "a day's rows have been read",
                       {{"day", planned.which.text()}, {"rows", file->rows}, {"bytes", file->bytes}});
}

// Within the limit of bytes a second.
awaitable<void> row_reader::copy_rows(db::connection& session, std::string sql,
                                      std::optional<std::uint64_t> rows_expected, std::string_view name,
                                      db::row_function take) {
    auto copy = co_await session.start_copy_out(sql, rows_expected);
    std::uint64_t received = 0;
    do {
        std::uint64_t bytes = 0;
        while (const auto row = copy.next()) {
            ++received;
            bytes += row->text().size();
            take(row->text());
        }
        co_await context_.limit.spend(bytes);
    } while (co_await copy.wait());
    must_agree(copy.rows_sent(), received, name);
}

// Rows that came after older ones of the day had been archived, or that are in the file already.
awaitable<void> row_reader::look_for_late(db::connection& session, const planned_day& planned,
                                          day_file& file) {
    auto rows = one_day(context_.rows, planned.which);
    rows.upper = std::min(rows.upper, file.late_before);
    if (rows.lower < rows.upper) {
        const db::row_function note = [this, &file](std::string_view row) { target_.note_late(file, row); };
        co_await copy_rows(session, copy_day_sql(context_.table, rows), std::nullopt, file.name, note);
    }
    co_await target_.compare_late(file);
}

// A restored day in which nothing has changed is read once and takes no memory, whatever its size.
awaitable<bool> row_reader::recognise_day(db::connection& session, const planned_day& planned,
                                          day_file& file) {
    lake::content_digest rows;
    std::string first;
    const db::row_function add = [&rows, &first](std::string_view row) {
        if (first.empty())
            first = row;
        rows.add(row);
    };
    const auto sql = copy_day_sql(context_.table, one_day(context_.rows, planned.which));
    co_await copy_rows(session, sql, planned.rows, file.name, add);
    must_agree(planned.rows, rows.rows, file.name);
    const bool recognised = co_await target_.take_as_recognised(file, rows, std::move(first));
    if (recognised) {
        context_.report.rows_read += rows.rows;
        context_.report.rows_stored += rows.rows;
        context_.report.bytes_read += rows.bytes + rows.rows;
    }
    co_return recognised;
}

awaitable<void> row_reader::read_range(db::connection& session, const page_range& pages,
                                       std::optional<lake::day>& last) {
    fault_point("before-copy");
    async::span shown(context_.log, "readers", "copy pages from", std::to_string(pages.first));
    const auto sql = copy_range_sql(context_.table, context_.rows, pages);
    auto copy = co_await session.start_copy_out(sql);
    std::uint64_t received = 0;
    // Neighbours in the heap are mostly of one day: its file is looked up once for a run of them.
    csv::day_splitter days;
    std::optional<std::int32_t> number;
    std::optional<lake::day> which; // that of `number`; empty: it belongs to no day
    day_file* file = nullptr;       // of `which`
    do {
        std::uint64_t bytes = 0;
        while (auto line = copy.next()) {
            ++received;
            const auto dated = days.split(line->text());
            bytes += dated.row.size();
            if (dated.day != number) {
                number = dated.day;
                which = number ? lake::day::from_number(*number) : std::nullopt;
                if (which) {
                    last = which;
                    file = co_await target_.file_for(*which);
                }
            }
            if (!which) {
                ++rows_dayless_;
                continue;
            }
            if (!target_.try_append(*file, dated.row))
                co_await target_.append_when_possible(*file, dated.row);
        }
        co_await context_.limit.spend(bytes);
    } while (co_await copy.wait());
    must_agree(copy.rows_sent(), received, fmt::format("pages from {}", pages.first));
    fault_point("range-copied");
}

} // namespace archive
