#include "archive/table/selection.hpp"

#include "db/connection.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace archive {

namespace {

constexpr std::string_view first_moment = "0001-01-01 00:00:00"; // that a file has a name for

std::string time_literal(const table_description& table, std::string_view timestamp) {
    return table.time_has_zone ? fmt::format("timestamptz '{}+00'", timestamp)
                               : fmt::format("timestamp '{}'", timestamp);
}

std::string day_number(const table_description& table) {
    // The session is in UTC, so the cast of a timestamptz is its UTC day.
    return fmt::format("({}::date - date '1970-01-01')", table.time_column);
}

std::string column_list(const table_description& table) {
    std::vector<std::string> quoted;
    quoted.reserve(table.columns.size());
    for (const auto& column : table.columns)
        quoted.push_back(db::connection::identifier(column));
    return fmt::format("{}", fmt::join(quoted, ", "));
}

std::string shard_clause(const table_description& table, const shard& part) {
    if (part.count <= 1)
        return {};
    // CASE, because a row at -infinity has no day number and must not be asked for one. Days before 1970 are
    // negative, and so is SQL's remainder then.
    return fmt::format(" AND CASE WHEN isfinite({3}) THEN ({0} % {1} + {1}) % {1} = {2} ELSE false END",
                       day_number(table), part.count, part.index, table.time_column);
}

// A condition for each run of consecutive held days.
std::string held_clause(const table_description& table, const std::vector<lake::day>& held) {
    std::string clause;
    for (std::size_t index = 0; index < held.size();) {
        auto last = index;
        while (last + 1 < held.size() && held[last + 1].number() == held[last].number() + 1)
            ++last;
        const auto next = lake::day::from_number(held[last].number() + 1);
        clause += fmt::format(" AND NOT ({0} >= {1}{2})", table.time_column,
                              time_literal(table, held[index].text() + " 00:00:00"),
                              next ? fmt::format(" AND {} < {}", table.time_column,
                                                 time_literal(table, next->text() + " 00:00:00"))
                                   : std::string());
        index = last + 1;
    }
    return clause;
}

} // namespace

std::vector<page_range> cut_pages(std::uint64_t pages, std::size_t count, std::uint64_t pages_min) {
    const auto length =
        std::max<std::uint64_t>({pages_min, pages / std::max<std::size_t>(count, 1), std::uint64_t{1}});
    std::vector<page_range> ranges;
    std::uint64_t first = 0;
    while (pages - first >= 2 * length) {
        ranges.push_back({first, first + length});
        first += length;
    }
    ranges.push_back({first, std::nullopt});
    return ranges;
}

bool has_whole_day(const selection& rows, lake::day which) {
    const auto next = lake::day::from_number(which.number() + 1);
    return next && next->text() + " 00:00:00" <= rows.upper && which.text() + " 00:00:00" >= rows.lower &&
           !std::ranges::binary_search(rows.held, which);
}

selection one_day(const selection& whole, lake::day which) { return days_from_to(whole, which, which); }

selection days_from_to(const selection& whole, lake::day first, lake::day last) {
    selection part = whole;
    part.lower = std::max(whole.lower, first.text() + " 00:00:00");
    part.shard = {};
    part.held.clear();
    if (const auto next = lake::day::from_number(last.number() + 1))
        part.upper = std::min(whole.upper, next->text() + " 00:00:00");
    return part;
}

std::string where_clause(const table_description& table, const selection& rows) {
    return fmt::format("{0} >= {1} AND {0} < {2}{3}{4}", table.time_column, time_literal(table, rows.lower),
                       time_literal(table, rows.upper), shard_clause(table, rows.shard),
                       held_clause(table, rows.held));
}

std::string day_clause(const table_description& table, lake::day which) {
    auto clause = fmt::format("{} >= {}", table.time_column, time_literal(table, which.text() + " 00:00:00"));
    if (const auto next = lake::day::from_number(which.number() + 1))
        clause +=
            fmt::format(" AND {} < {}", table.time_column, time_literal(table, next->text() + " 00:00:00"));
    return clause;
}

std::string count_days_sql(const table_description& table, const selection& rows) {
    return fmt::format("SELECT {}, count(*) FROM {} WHERE {} GROUP BY 1 ORDER BY 1", day_number(table),
                       table.name, where_clause(table, rows));
}

std::string count_dayless_sql(const table_description& table, const selection& rows) {
    return fmt::format("SELECT count(*) FROM {} WHERE {} < {}", table.name, table.time_column,
                       time_literal(table, std::min(rows.upper, std::string(first_moment))));
}

std::string backlog_seconds_sql(const table_description& table, const selection& rows,
                                std::string_view cutoff) {
    return fmt::format("SELECT extract(epoch FROM {} - min({}))::bigint FROM {} WHERE {}",
                       time_literal(table, cutoff), table.time_column, table.name, where_clause(table, rows));
}

std::string copy_day_sql(const table_description& table, const selection& rows) {
    return fmt::format("COPY (SELECT {} FROM {} WHERE {} AND {}) TO STDOUT (FORMAT csv)", column_list(table),
                       table.name, where_clause(table, rows), own_rows(table));
}

std::string range_clause(const table_description& table, const selection& rows, const page_range& pages) {
    std::string where = fmt::format("{} < {}", table.time_column, time_literal(table, rows.upper));
    if (rows.lower > first_moment) // a row before it came late: it has a day, and waits for the next run
        where += fmt::format(" AND ({0} >= {1} OR {0} < {2})", table.time_column,
                             time_literal(table, rows.lower), time_literal(table, first_moment));
    if (pages.first > 0)
        where += fmt::format(" AND ctid >= '({},0)'::tid", pages.first);
    if (pages.end)
        where += fmt::format(" AND ctid < '({},0)'::tid", *pages.end);
    return where + shard_clause(table, rows.shard) + held_clause(table, rows.held) + " AND " +
           own_rows(table);
}

std::string copy_range_sql(const table_description& table, const selection& rows, const page_range& pages) {
    return fmt::format(
        "COPY (SELECT CASE WHEN {} >= {} THEN {} END, {} FROM {} WHERE {}) TO STDOUT (FORMAT csv)",
        table.time_column, time_literal(table, rows.lower), day_number(table), column_list(table), table.name,
        range_clause(table, rows, pages));
}

std::string sample_since_sql(const table_description& table, const selection& rows, std::string_view since,
                             std::size_t rows_max) {
    return fmt::format("COPY (SELECT {} FROM {} WHERE {} AND {} >= {} LIMIT {}) TO STDOUT (FORMAT csv)",
                       column_list(table), table.name, where_clause(table, rows), table.time_column,
                       time_literal(table, since), rows_max);
}

std::string sample_pages_sql(const table_description& table, const selection& rows, double percent) {
    return fmt::format("COPY (SELECT {} FROM {} TABLESAMPLE SYSTEM ({:.6f}) WHERE {}) TO STDOUT (FORMAT csv)",
                       column_list(table), table.name, percent, where_clause(table, rows));
}

std::string delete_sql(const table_description& table, const selection& rows) {
    return fmt::format("DELETE FROM {} WHERE {} AND {}", table.name, where_clause(table, rows),
                       own_rows(table));
}

std::string copy_all_sql(const table_description& table, const partition& part) {
    return fmt::format("COPY (SELECT {} FROM ONLY {} WHERE tableoid = {}::oid) TO STDOUT (FORMAT csv)",
                       column_list(table), part.name, part.oid);
}

std::string copy_deleted_sql(const table_description& table, const selection& rows) {
    return fmt::format("COPY ({} RETURNING {}) TO STDOUT (FORMAT csv)", delete_sql(table, rows),
                       column_list(table));
}

} // namespace archive
