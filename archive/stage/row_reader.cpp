#include "archive/stage/row_reader.hpp"

#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/timeline.hpp"
#include "csv/day_prefix.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
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

// What is done with the rows of a COPY. `take` returns the bytes of the row, or 0 and has done nothing: then
// `take_later` is awaited, if there is one.
struct appended_rows {
    staging& target;
    day_file& file;

    std::size_t take(std::string_view row) { return target.try_append(file, row) ? row.size() : 0; }
    awaitable<std::size_t> take_later(std::string_view row) {
        co_await target.append_when_possible(file, row);
        co_return row.size();
    }
};

// With the number of its day in front of each. Neighbours in the heap are mostly of one day: its file is
// looked up once for a run of them.
struct appended_rows_of_days {
    staging& target;
    std::optional<lake::day>& last;
    std::uint64_t& dayless;
    csv::day_splitter days{};
    std::optional<std::int32_t> number{};
    std::optional<lake::day> which{}; // that of `number`; empty: it belongs to no day
    day_file* file = nullptr;         // of `which`

    std::size_t take(std::string_view line) {
        const auto dated = days.split(line);
        return dated.day == number ? take(dated) : 0;
    }
    std::size_t take(const csv::dated_row& dated) {
        if (!which)
            ++dayless;
        else if (!target.try_append(*file, dated.row))
            return 0;
        return dated.row.size();
    }
    awaitable<std::size_t> take_later(std::string_view line) {
        const auto dated = days.split(line);
        if (dated.day != number) {
            number = dated.day;
            which = number ? lake::day::from_number(*number) : std::nullopt;
            if (which) {
                last = which;
                file = co_await target.file_for(*which);
            }
            if (const auto bytes = take(dated); bytes > 0)
                co_return bytes;
        }
        co_await target.append_when_possible(*file, dated.row);
        co_return dated.row.size();
    }
};

struct noted_rows {
    staging& target;
    day_file& file;

    std::size_t take(std::string_view row) {
        target.note_late(file, row);
        return row.size();
    }
};

struct summed_rows {
    lake::content_digest digest{};
    std::string first{};

    std::size_t take(std::string_view row) {
        if (first.empty())
            first = row;
        digest.add(row);
        return row.size();
    }
};

} // namespace

template <typename Rows>
awaitable<std::uint64_t> row_reader::copy(db::connection& session, std::string sql,
                                          std::optional<std::uint64_t> rows_expected, std::string_view name,
                                          Rows& rows) {
    auto copy = co_await session.start_copy_out(sql, rows_expected);
    std::uint64_t received = 0;
    do {
        std::uint64_t bytes = 0;
        while (const auto row = copy.next()) {
            ++received;
            auto taken = rows.take(row->text());
            if constexpr (requires { rows.take_later(row->text()); })
                if (taken == 0)
                    taken = co_await rows.take_later(row->text());
            bytes += taken;
        }
        co_await context_.limit.spend(bytes);
    } while (co_await copy.wait());
    must_agree(copy.rows_sent(), received, name);
    co_return received;
}

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
    appended_rows rows{target_, *file};
    const auto received = co_await copy(session, sql, planned.rows, file->name, rows);
    must_agree(planned.rows, received, file->name);
    target_.finish(*file);
    fault_point("day-copied");
    context_.log.debug("day.copied", "a day's rows have been read",
                       {{"day", planned.which.text()}, {"rows", file->rows}, {"bytes", file->bytes}});
}

// Rows that came after older ones of the day had been archived, or that are in the file already.
awaitable<void> row_reader::look_for_late(db::connection& session, const planned_day& planned,
                                          day_file& file) {
    auto selected = one_day(context_.rows, planned.which);
    selected.upper = std::min(selected.upper, file.late.before);
    if (selected.lower < selected.upper) {
        noted_rows rows{target_, file};
        const auto sql = copy_day_sql(context_.table, selected);
        static_cast<void>(co_await copy(session, sql, std::nullopt, file.name, rows));
    }
    co_await target_.compare_late(file);
}

// A restored day in which nothing has changed is read once and takes no memory, whatever its size.
awaitable<bool> row_reader::recognise_day(db::connection& session, const planned_day& planned,
                                          day_file& file) {
    summed_rows rows;
    const auto sql = copy_day_sql(context_.table, one_day(context_.rows, planned.which));
    const auto received = co_await copy(session, sql, planned.rows, file.name, rows);
    must_agree(planned.rows, received, file.name);
    const auto& digest = rows.digest;
    const bool recognised = co_await target_.take_as_recognised(file, digest, std::move(rows.first));
    if (recognised) {
        context_.report.rows_read += digest.rows;
        context_.report.rows_stored += digest.rows;
        context_.report.bytes_read += digest.bytes + digest.rows;
    }
    co_return recognised;
}

awaitable<void> row_reader::read_range(db::connection& session, const page_range& pages,
                                       std::optional<lake::day>& last) {
    fault_point("before-copy");
    async::span shown(context_.log, "readers", "copy pages from", std::to_string(pages.first));
    const auto sql = copy_range_sql(context_.table, context_.rows, pages);
    const auto name = fmt::format("pages from {}", pages.first);
    appended_rows_of_days rows{target_, last, rows_dayless_};
    static_cast<void>(co_await copy(session, sql, std::nullopt, name, rows));
    fault_point("range-copied");
}

} // namespace archive
