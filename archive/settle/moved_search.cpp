#include "archive/settle/moved_search.hpp"

#include "async/number.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

namespace archive {

std::string written_since(const db::transaction_mark& author, const named_table& table,
                          const db::server_position& here,
                          const std::vector<db::transaction_mark>& restores) {
    constexpr std::uint64_t xid_numbers = std::uint64_t{1} << 32; // a row has 32 bits of its transaction's
    const auto number = async::number_from<std::uint64_t>(author.transaction);
    if (!table.may_select_all || !number || db::compare_histories(author.position, here) != db::history::same)
        return {};
    auto text = fmt::format("(xmin::text::bigint - {low} + {all}) % {all} BETWEEN 1 AND (SELECT"
                            " pg_snapshot_xmax(pg_current_snapshot())::text::bigint - {number})",
                            fmt::arg("low", *number % xid_numbers), fmt::arg("all", xid_numbers),
                            fmt::arg("number", *number));
    for (const auto& restore : restores)
        if (const auto other = async::number_from<std::uint64_t>(restore.transaction);
            other && db::compare_histories(restore.position, here) == db::history::same)
            text += fmt::format(" AND xmin::text::bigint <> {}", *other % xid_numbers);
    return text;
}

moved_search search_of_restored(std::string since, std::string due, look_in where) {
    moved_search search;
    search.since = std::move(since);
    if (where == look_in::rows_that_are_due || search.since.empty())
        search.where = due;
    search.alike = std::move(due);
    return search;
}

std::optional<moved_search> moved_since(const lake::file_mark& mark, const named_table& table,
                                        const db::server_position& here) {
    const auto author = lake::awaited(mark).value();
    moved_search search;
    search.since = written_since(author, table, here);
    search.any = mark.restoring.has_value();
    if (search.any)
        search.alike.emplace();
    // Where the role alone may not read which rows are new, all are asked: a person decides.
    if (!search.any && db::compare_histories(author.position, here) != db::history::same)
        return std::nullopt;
    return search;
}

} // namespace archive
