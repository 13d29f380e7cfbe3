#include "archive/settle/restored_mistake.hpp"

#include "archive/table/folder_mistakes.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/selection.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <set>
#include <string_view>
#include <utility>

namespace archive {

using async::failure;

namespace {

// The rows that a restore inserted into the file's day, all rows of the file among them. nullopt: not known.
std::optional<std::uint64_t> rows_inserted_with(const lake::file_mark& mark) {
    return mark.restored->rows == mark.now.rows ? mark.restored->day_rows : std::nullopt;
}

async::error cannot_be_compared(const lake::listed_file& file, const table_description& table) {
    return {failure::integrity,
            fmt::format("'{}', which was restored, cannot be compared with {}: it has no column for the {}",
                        file.properties.name, table.name, key_names(table)),
            "Rows of it may have been moved to another day. Give the column its name back until the day is"
            " archived again."};
}

async::error were_changed(const rows_of_file& seen, const lake::listed_file& file,
                          const table_description& table) {
    return {failure::integrity,
            fmt::format("{} rows of '{}', which was restored, were changed while they were back in {}, or"
                        " moved to another day: {} {}",
                        changed_count(seen), file.properties.name, table.name, key_names(table),
                        changed_keys(seen)),
            std::string(changed_hint(seen))};
}

} // namespace

std::vector<db::transaction_mark> restores_of(const std::vector<const lake::listed_file*>& restored) {
    std::set<std::string> known;
    std::vector<db::transaction_mark> restores;
    for (const auto* file : restored)
        if (const auto& mark = file->mark.mark; mark && mark->restored)
            if (known.insert(mark->restored->author.transaction).second)
                restores.push_back(mark->restored->author);
    return restores;
}

awaitable<bool> has_all_restored(db::connection& session, const table_description& table,
                                 const db::server_position& position, const lake::listed_file& file) {
    const auto& author = file.mark.mark->restored->author;
    const auto inserted = rows_inserted_with(*file.mark.mark);
    const bool is_told = table.named.may_select_all; // else the role may not read xmin
    if (!is_told || !inserted || db::compare_histories(author.position, position) != db::history::same)
        co_return false;
    const auto sql = fmt::format(
        "SELECT count(*) FROM {} WHERE {} AND {} AND xmin = (($1::numeric % 4294967296)::text)::xid",
        table.name, day_clause(table, file.key().which), own_rows(table));
    const std::array parameters{db::parameter(author.transaction)};
    const auto counted = co_await session.query(sql, parameters);
    co_return static_cast<std::uint64_t>(counted.integer(0, 0)) == *inserted;
}

awaitable<std::optional<rows_of_file>> look_at_readable_rows(lake::file_store& files, db::connection& session,
                                                             const table_description& table,
                                                             const lake::listed_file& file, std::string where,
                                                             std::optional<moved_search> moved) {
    try {
        auto seen = co_await look_at_rows(files, session, table, file, std::move(where), std::move(moved));
        co_return std::optional(std::move(seen));
    } catch (const db::error& failed) {
        if (!std::string_view(failed.state()).starts_with("22")) // data exception
            throw;
    }
    co_return std::nullopt;
}

std::optional<async::error> restored_mistake(const std::optional<rows_of_file>& seen,
                                             const lake::listed_file& file, const table_description& table) {
    if (!seen)
        return cannot_be_told(file, table);
    if (!seen->comparable)
        return cannot_be_compared(file, table);
    if (seen->changed_or_moved() > 0)
        return were_changed(*seen, file, table);
    if (is_in_doubt(*seen, file.mark.mark->now, table))
        return has_other_keys(file, table);
    return std::nullopt;
}

} // namespace archive
