#include "archive/stage/table_reader.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/task_group.hpp"
#include "async/timeline.hpp"
#include "csv/day_prefix.hpp"
#include "db/session_scope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

namespace archive {

using async::failure;
using async::fault_point;

namespace {

void must_agree(std::uint64_t counted, std::uint64_t received, const std::string& where) {
    if (counted != received)
        throw async::error(failure::integrity, fmt::format("{}: the server counted {} rows and {} arrived",
                                                           where, counted, received));
}

// The server has rows that it cannot send: a person must repair them, and needs to know where to look.
[[noreturn]] void tell_where(const db::error& failed, const table_description& table,
                             const std::string& where) {
    const auto& state = failed.state();
    if (state == "22021" || state == "22P05")
        throw async::error(failure::precondition,
                           fmt::format("a row of {} cannot be read as UTF-8: {} ({}, SQLSTATE {})",
                                       table.name, where, failed.message(), state),
                           "Files are UTF-8. Find the text with convert_to or octet_length in that part of "
                           "the table and fix it. In a database of encoding SQL_ASCII the server does not "
                           "check what is stored: `event-archiver "
                           "check` warns of it.");
    if (state == "XX001" || state == "XX002")
        throw async::error(
            failure::integrity,
            fmt::format("a row of {} is damaged on the server's disk: {}: {}", table.name, where,
                        failed.message()),
            "Nothing was deleted. Look at the disk and the server's log, run amcheck, and restore what"
            " is damaged from a backup; the days before it can be archived with --commit day.");
    throw failed;
}

} // namespace

awaitable<void> table_reader::read_days(std::vector<planned_day> days) {
    piece read = [this, &days](db::connection& session, std::size_t index) -> awaitable<void> {
        try {
            co_await read_day(session, days[index]);
        } catch (const db::error& failed) {
            tell_where(failed, context_.table, "day " + days[index].which.text());
        }
        if (context_.day_is_read)
            context_.day_is_read(days[index].which);
    };
    co_await run(days.size(), std::move(read));
}

awaitable<void> table_reader::read_ranges(std::vector<page_range> ranges) {
    piece read = [this, &ranges](db::connection& session, std::size_t index) -> awaitable<void> {
        std::optional<lake::day> last;
        try {
            co_await read_range(session, ranges[index], last);
        } catch (const db::error& failed) {
            const auto& from = ranges[index].first;
            tell_where(failed, context_.table,
                       last ? fmt::format("after a row of day {} in the pages from {}", last->text(), from)
                            : fmt::format("the first row in the pages from {}", from));
        }
    };
    co_await run(ranges.size(), std::move(read));
}

awaitable<void> table_reader::run(std::size_t count, piece read) {
    std::vector<awaitable<void>> tasks;
    lanes_ = std::min(count, context_.parallel);
    for (std::size_t lane_number = 0; lane_number < lanes_; ++lane_number)
        tasks.push_back(lane(count, read));
    for (std::size_t uploader = 0; uploader < context_.parallel; ++uploader)
        tasks.push_back(target_.upload());
    co_await async::run_all(std::move(tasks));
}

awaitable<void> table_reader::lane(std::size_t count, const piece& read) {
    const db::database_access database{context_.database, context_.helper, context_.log};
    co_await db::with_session(
        database, [this, count, &read](db::connection& session) { return work(session, count, read); });
    if (--lanes_ > 0)
        co_return;
    co_await target_.settle_late();
    for (auto& [which, file] : target_.files())
        target_.finish(*file);
    target_.close();
}

awaitable<void> table_reader::work(db::connection& session, std::size_t count, const piece& read) {
    db::transaction_options options;
    options.mode = db::access::read_only;
    options.snapshot = context_.snapshot;
    options.lock_timeout = context_.lock_timeout;
    std::optional<db::transaction> transaction;
    try {
        transaction = co_await db::transaction::begin(session, options);
    } catch (const db::error& failed) {
        // 22023: "invalid snapshot identifier".
        if (failed.state() != "22023")
            throw;
        throw async::error(failure::temporary, "the snapshot is gone: the coordinator's session was lost");
    }
    // Before the first piece of work is taken: the coordinator's locks keep the table from being rewritten,
    // and this does not wait for a session that waits for the coordinator.
    co_await lock_table_at_once(session, context_.table.named);
    co_await must_have_locked(session, context_.table.named);
    co_await must_see_as_coordinator(session);
    while (next_ < count) {
        const auto index = next_++;
        const auto failed = co_await async::caught(read(session, index));
        if (!failed)
            continue;
        if (async::failure_of(failed) == failure::integrity && session.usable())
            co_await must_still_be_named(session, context_.table.named);
        std::rethrow_exception(failed);
    }
    co_await transaction->rollback(); // it has only read
}

awaitable<void> table_reader::must_see_as_coordinator(db::connection& session) const {
    // The name of a snapshot is a number: a copy of the server may have one of the same name.
    co_await db::must_be_of_server(session, context_.server);
    const auto oid = std::to_string(context_.table.oid);
    const std::array parameters{db::parameter(oid)};
    const auto asked = co_await session.query("SELECT row_security_active($1::oid)", parameters);
    if (asked.boolean(0, 0) == context_.policies_apply)
        co_return;
    throw async::error(
        failure::integrity,
        fmt::format("row security of {} applies to some sessions of this run and not to others",
                    context_.table.name),
        std::string(one_view_hint));
}

awaitable<void> table_reader::read_day(db::connection& session, const planned_day& planned) {
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

// Rows that came after older ones of the day had been archived, or that are in the file already.
awaitable<void> table_reader::look_for_late(db::connection& session, const planned_day& planned,
                                            day_file& file) {
    auto rows = one_day(context_.rows, planned.which);
    rows.upper = std::min(rows.upper, file.late_before);
    if (rows.lower < rows.upper) {
        auto copy = co_await session.start_copy_out(copy_day_sql(context_.table, rows));
        std::uint64_t received = 0;
        do {
            std::uint64_t bytes = 0;
            while (const auto row = copy.next()) {
                ++received;
                bytes += row->text().size();
                target_.note_late(file, row->text());
            }
            co_await context_.limit.spend(bytes);
        } while (co_await copy.wait());
        must_agree(copy.rows_sent(), received, file.name);
    }
    co_await target_.compare_late(file);
}

// A restored day in which nothing has changed is read once and takes no memory, whatever its size.
awaitable<bool> table_reader::recognise_day(db::connection& session, const planned_day& planned,
                                            day_file& file) {
    const auto sql = copy_day_sql(context_.table, one_day(context_.rows, planned.which));
    auto copy = co_await session.start_copy_out(sql, planned.rows);
    lake::content_digest rows;
    std::string first;
    do {
        std::uint64_t bytes = 0;
        while (const auto row = copy.next()) {
            if (first.empty())
                first = row->text();
            bytes += row->text().size();
            rows.add(row->text());
        }
        co_await context_.limit.spend(bytes);
    } while (co_await copy.wait());
    must_agree(copy.rows_sent(), rows.rows, file.name);
    must_agree(planned.rows, rows.rows, file.name);
    const bool recognised = co_await target_.take_as_recognised(file, rows, std::move(first));
    if (recognised) {
        context_.report.rows_read += rows.rows;
        context_.report.rows_stored += rows.rows;
        context_.report.bytes_read += rows.bytes + rows.rows;
    }
    co_return recognised;
}

awaitable<void> table_reader::read_range(db::connection& session, const page_range& pages,
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
