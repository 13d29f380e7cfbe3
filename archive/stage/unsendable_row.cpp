#include "archive/stage/unsendable_row.hpp"

#include "archive/table/selection.hpp"
#include "db/each_row.hpp"
#include "db/in_savepoint.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace archive {

using async::failure;

namespace {

// The rows of one relation between two pages, the second not included.
struct heap_part {
    std::string relation; // its oid
    std::string name;
    std::uint64_t first = 0;
    std::uint64_t end = 0;
};

std::string in_part(const heap_part& part, std::string_view where) {
    return fmt::format("{} AND tableoid = {}::oid AND ctid >= '({},0)'::tid AND ctid < '({},0)'::tid", where,
                       part.relation, part.first, part.end);
}

std::vector<std::string> quoted(const std::vector<std::string>& columns) {
    std::vector<std::string> names;
    names.reserve(columns.size());
    for (const auto& column : columns)
        names.push_back(db::connection::identifier(column));
    return names;
}

awaitable<void> read_and_drop(db::connection& session, std::string sql) {
    const db::row_function drop = [](std::string_view) {};
    co_await db::for_each_row(session, std::move(sql), drop);
}

// Makes the server write these rows as text, and drops them.
awaitable<bool> can_be_sent(db::connection& session, std::string columns, const table_description& table,
                            std::string where) {
    const auto sql =
        fmt::format("COPY (SELECT {} FROM {} WHERE {}) TO STDOUT (FORMAT csv)", columns, table.name, where);
    const auto refused = co_await db::in_savepoint(session, read_and_drop(session, sql));
    if (refused && !may_be_a_row(*refused))
        throw db::error(*refused);
    co_return !refused.has_value();
}

// Each relation that has such rows. Not max(ctid): servers before 14 have none.
awaitable<std::vector<heap_part>> parts_with(db::connection& session, const table_description& table,
                                             std::string where) {
    const auto found = co_await session.query(fmt::format(
        "SELECT part::text, part::regclass::text, page FROM (SELECT tableoid AS part,"
        " max((ctid::text::point)[0])::bigint AS page FROM {} WHERE {} GROUP BY tableoid) AS parts"
        " ORDER BY parts.part",
        table.name, where));
    std::vector<heap_part> parts;
    for (int row = 0; row < found.rows(); ++row)
        parts.push_back({std::string(found.text(row, 0)), std::string(found.text(row, 1)), 0,
                         static_cast<std::uint64_t>(found.integer(row, 2)) + 1});
    co_return parts;
}

awaitable<std::optional<unsendable_row>> look_in_page(db::connection& session, const table_description& table,
                                                      const heap_part& page, std::string where) {
    const auto columns = quoted(table.columns);
    const auto all = fmt::format("{}", fmt::join(columns, ", "));
    const auto in_page = in_part(page, where);
    const auto rows = co_await session.query(fmt::format(
        "SELECT ctid::text AS place, CASE WHEN isfinite({0}) THEN {0}::date - date '1970-01-01' END FROM {1}"
        " WHERE {2} ORDER BY ctid",
        table.time_column, table.name, in_page));
    for (int row = 0; row < rows.rows(); ++row) {
        const std::string ctid(rows.text(row, 0));
        const auto alone = fmt::format("tableoid = {}::oid AND ctid = '{}'::tid", page.relation, ctid);
        const bool sent = co_await can_be_sent(session, all, table, alone);
        if (sent)
            continue;
        unsendable_row found{page.name, ctid, std::nullopt, {}};
        if (!rows.is_null(row, 1))
            found.which = lake::day::from_number(rows.integer(row, 1));
        for (const auto& column : columns) {
            const bool this_one = co_await can_be_sent(session, column, table, alone);
            if (this_one)
                continue;
            found.column = column;
            break;
        }
        co_return found;
    }
    co_return std::nullopt;
}

std::string what_is_wrong(const std::string& state, const table_description& table) {
    if (state == "22021" || state == "22P05")
        return fmt::format("a row of {} cannot be read as UTF-8", table.name);
    if (state == "XX001" || state == "XX002")
        return fmt::format("a row of {} is damaged on the server's disk", table.name);
    return fmt::format("the server cannot send a row of {}", table.name);
}

std::string what_to_do(const std::string& state, bool found) {
    if (state == "22021" || state == "22P05")
        return fmt::format(
            "Files are UTF-8. {} and fix it. In a database of encoding SQL_ASCII the server does"
            " not check what is stored: `event-archiver check` warns of it.",
            found ? "Look at that value with convert_to or octet_length"
                  : "Find the text with convert_to or octet_length in that part of the table");
    if (state == "XX001" || state == "XX002")
        return "Nothing of that day was deleted. Look at the disk and the server's log, run amcheck, and"
               " restore what is damaged from a backup; with --commit day the other days are archived"
               " meanwhile.";
    return "Nothing of that day was deleted. Correct or delete that row: SELECT, UPDATE and DELETE find it by"
           " WHERE ctid = '(…)' until it is written to. With --commit day the other days are archived"
           " meanwhile.";
}

} // namespace

bool may_be_a_row(const db::error& failed) noexcept {
    const auto& state = failed.state();
    if (!failed.connection_usable() || state.size() != 5)
        return false;
    const auto group = std::string_view(state).substr(0, 2);
    // The classes of bad data, limits of the server, internal errors, and errors in a function of the value's
    // type.
    return group == "22" || group == "54" || group == "XX" || group == "38" || group == "39" ||
           group == "P0" || state == "53200";
}

awaitable<std::optional<unsendable_row>>
find_unsendable_row(db::connection& session, const table_description& table, std::string where) {
    const auto all = fmt::format("{}", fmt::join(quoted(table.columns), ", "));
    const auto parts = co_await parts_with(session, table, where);
    for (auto part : parts) {
        const bool whole = co_await can_be_sent(session, all, table, in_part(part, where));
        if (whole)
            continue;
        while (part.end - part.first > 1) {
            auto lower = part;
            lower.end = part.first + (part.end - part.first) / 2;
            const bool sent = co_await can_be_sent(session, all, table, in_part(lower, where));
            (sent ? part.first : part.end) = lower.end;
        }
        co_return co_await look_in_page(session, table, part, where);
    }
    co_return std::nullopt;
}

std::string describe(const unsendable_row& row) {
    return fmt::format("{}ctid {} of {}{}{}", row.which ? fmt::format("day {}, ", row.which->text()) : "",
                       row.ctid, row.relation, row.column.empty() ? "" : ", column ", row.column);
}

row_not_sent not_sent(const db::error& failed, const table_description& table,
                      const std::optional<unsendable_row>& row, const std::string& place,
                      std::optional<lake::day> which) {
    const auto& state = failed.state();
    const bool damaged = state == "XX001" || state == "XX002";
    const auto named = failed.message().find("SQLSTATE") != std::string::npos
                           ? failed.message()
                           : fmt::format("{} (SQLSTATE {})", failed.message(), state);
    async::error said(
        damaged ? failure::integrity : failure::precondition,
        fmt::format("{}: {}: {}", what_is_wrong(state, table), row ? describe(*row) : place, named),
        what_to_do(state, row.has_value()));
    return {std::move(said), row && row->which ? row->which : which};
}

} // namespace archive
