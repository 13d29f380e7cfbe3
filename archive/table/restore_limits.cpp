#include "archive/table/restore_limits.hpp"

#include <fmt/format.h>

#include <string_view>

namespace archive {

using async::awaitable;

namespace {

constexpr std::int64_t columns_max = 1'600; // of any table of PostgreSQL
constexpr std::int64_t row_number_bytes = 8;
// Of a page: its own header with one pointer, and the header of a row.
constexpr std::int64_t page_overhead = 32;
constexpr std::int64_t row_overhead = 24;

constexpr std::string_view by_hand =
    "Its files are plain CSV: `\\copy TABLE FROM FILE WITH (FORMAT csv, HEADER)` of psql reads them.";

} // namespace

awaitable<std::vector<std::string>> unproven_checks(db::connection& session, std::uint32_t table) {
    const auto oid = std::to_string(table);
    const auto found =
        co_await session.query("SELECT quote_ident(conname) FROM pg_constraint WHERE conrelid = $1::oid"
                               " AND contype = 'c' AND NOT convalidated ORDER BY conname",
                               std::string_view(oid));
    std::vector<std::string> names;
    for (int row = 0; row < found.rows(); ++row)
        names.emplace_back(found.text(row, 0));
    co_return names;
}

awaitable<std::vector<restore_limit>> restore_limits(db::connection& session, std::uint32_t table,
                                                     std::string name) {
    std::vector<restore_limit> limits;
    const auto oid = std::to_string(table);
    const auto unproven =
        co_await session.query("SELECT quote_ident(conname) FROM pg_constraint WHERE conrelid = $1::oid"
                               " AND contype IN ('c', 'f') AND NOT convalidated ORDER BY conname",
                               std::string_view(oid));
    for (int row = 0; row < unproven.rows(); ++row)
        limits.push_back(
            {fmt::format("constraint {} is NOT VALID: a row that violates it is archived, and `restore` in"
                         " place cannot bring its day back",
                         unproven.text(row, 0)),
             fmt::format(
                 "ALTER TABLE {} VALIDATE CONSTRAINT {}; or restore such a day with --into a table that"
                 " is not there yet, which is made without it.",
                 name, unproven.text(row, 0))});

    // `restore`, `cat --where` and `erase` number the rows of a file in a temporary table.
    const auto size = co_await session.query(
        "SELECT count(*), coalesce(sum(CASE WHEN attlen > 0 THEN"
        " ceil(attlen::numeric / a) * a ELSE 0 END), 0)::bigint, current_setting('block_size')::bigint"
        " FROM pg_attribute, LATERAL (SELECT CASE attalign WHEN 'd' THEN 8 WHEN 'i' THEN 4 WHEN 's' THEN 2"
        " ELSE 1 END AS a) AS aligned"
        " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attgenerated = ''",
        std::string_view(oid));
    const auto columns = size.integer(0, 0);
    const auto room = size.integer(0, 2) - page_overhead - row_overhead - row_number_bytes;
    if (columns >= columns_max)
        limits.push_back(
            {fmt::format(
                 "the table has {} columns: `restore`, `cat --where` and `erase` number rows in a table"
                 " of one column more, and {} are the most that PostgreSQL takes",
                 columns, columns_max),
             std::string(by_hand)});
    else if (size.integer(0, 1) > room)
        limits.push_back(
            {fmt::format("a row may fill a page of the server: its columns of fixed size have {} bytes, and"
                         " `restore`, `cat --where` and `erase`, which add a number to each row, have room"
                         " for {}",
                         size.integer(0, 1), room),
             std::string(by_hand)});
    co_return limits;
}

} // namespace archive
