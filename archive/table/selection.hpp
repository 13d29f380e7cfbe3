// Which rows a transaction takes, as SQL text: pure functions. The same predicate counts, copies and deletes.
#pragma once

#include "archive/settings.hpp"
#include "archive/table/table.hpp"
#include "lake/day.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

// Rows with lower <= time < upper, as timestamps in UTC ("2025-11-20 02:00:00.123"); nothing older than year
// 1, which has no day and no file.
struct selection {
    std::string lower = "0001-01-01 00:00:00";
    std::string upper;
    archive::shard shard;
    std::vector<lake::day> held = {}; // days that are left alone, in order
};

// A day and how many of these rows it has.
struct planned_day {
    lake::day which;
    std::uint64_t rows = 0;
};

// A range of heap pages, for a table without an index by time. The last range has no end: the table may have
// children that are longer than their parent.
struct page_range {
    std::uint64_t first = 0;
    std::optional<std::uint64_t> end;
};

struct partition {
    std::string name;  // quoted and qualified, ready for SQL
    std::string upper; // the end of its range, not included, as a timestamp in UTC
    std::uint32_t oid = 0;
};

// Cuts `pages` into about `count` ranges, none shorter than `pages_min`.
[[nodiscard]] std::vector<page_range> cut_pages(std::uint64_t pages, std::size_t count,
                                                std::uint64_t pages_min);

// True if all rows of the day are among them: it is over, and begins no earlier than they do.
[[nodiscard]] bool has_whole_day(const selection& rows, lake::day which);
[[nodiscard]] selection one_day(const selection& whole, lake::day which);
// The same for consecutive days, each of which is selected.
[[nodiscard]] selection days_from_to(const selection& whole, lake::day first, lake::day last);

// The rows of one day, all of them.
[[nodiscard]] std::string day_clause(const table_description& table, lake::day which);
[[nodiscard]] std::string where_clause(const table_description& table, const selection& rows);
// day number, rows; by day
[[nodiscard]] std::string count_days_sql(const table_description& table, const selection& rows);
// One row: how many rows lie below the upper bound but belong to no day (-infinity, years before 1).
[[nodiscard]] std::string count_dayless_sql(const table_description& table, const selection& rows);
// One row: by how many whole seconds the oldest of these rows is older than `cutoff`; NULL without rows.
[[nodiscard]] std::string backlog_seconds_sql(const table_description& table, const selection& rows,
                                              std::string_view cutoff);
[[nodiscard]] std::string copy_day_sql(const table_description& table, const selection& rows);
// The rows of those pages, and those that belong to no day.
[[nodiscard]] std::string range_clause(const table_description& table, const selection& rows,
                                       const page_range& pages);
// With the day number as a leading column, empty for rows that belong to no day.
[[nodiscard]] std::string copy_range_sql(const table_description& table, const selection& rows,
                                         const page_range& pages);
// At most `rows_max` rows from `since` on, by the index; every percentth of the table's pages.
[[nodiscard]] std::string sample_since_sql(const table_description& table, const selection& rows,
                                           std::string_view since, std::size_t rows_max);
[[nodiscard]] std::string sample_pages_sql(const table_description& table, const selection& rows,
                                           double percent);
[[nodiscard]] std::string delete_sql(const table_description& table, const selection& rows);
// All rows of a partition, as copy_day_sql writes them.
[[nodiscard]] std::string copy_all_sql(const table_description& table, const partition& part);
// The DELETE, and each deleted row as copy_day_sql writes it.
[[nodiscard]] std::string copy_deleted_sql(const table_description& table, const selection& rows);

} // namespace archive
