#include "archive/run/restored_rows.hpp"

#include "archive/run/moved_rows.hpp"
#include "archive/settle/look_at_rows.hpp"
#include "archive/table/row_key.hpp"
#include "archive/table/selection.hpp"
#include "async/error.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <utility>

namespace archive {

namespace {

std::uint64_t recognised_of(const archive_transaction& work, const lake::file_key& key) {
    if (!work.staging)
        return 0;
    const auto found = work.staging->files().find(key.which);
    if (found == work.staging->files().end())
        return 0;
    const auto& file = *found->second;
    if (file.key == key)
        return file.rows_recognised;
    return file.other && file.other->key == key ? file.other->rows_recognised : 0;
}

async::error cannot_be_compared(const lake::listed_file& file, const table_description& table) {
    return {async::failure::integrity,
            fmt::format("'{}', which was restored, cannot be compared with {}: it has no column for the {}",
                        file.properties.name, table.name, key_names(table)),
            "Rows of it may have been moved to another day. Give the column its name back until the day is"
            " archived again."};
}

} // namespace

awaitable<void> must_be_as_restored(const run_context& context, const archive_transaction& work) {
    auto& opened = work.opened;
    const auto& rows = work.plan.rows;
    for (const auto* each : opened.files.with(lake::file_trait::restored)) {
        const auto& file = *each;
        const auto key = file.key();
        const auto& mark = file.mark.mark;
        if (mark->now.rows == 0 || recognised_of(work, key) == mark->now.rows ||
            std::ranges::binary_search(rows.held, key.which))
            continue;
        // Of a day that is not over, only what is due now could be archived into another file now.
        const bool whole = has_whole_day(rows, key.which);
        auto where = whole ? std::string() : where_clause(opened.table, rows);
        auto moved = search_for_moved(work, file, whole ? look_in::whole_table : look_in::rows_that_are_due);
        const auto seen = co_await look_at_rows(context.lake, opened.session, opened.table, file,
                                                std::move(where), std::move(moved));
        if (!seen.comparable)
            throw cannot_be_compared(file, opened.table);
        if (seen.changed_or_moved() == 0 && is_in_doubt(seen, mark->now, opened.table))
            throw has_other_keys(file, opened.table);
        if (seen.changed_or_moved() == 0)
            continue;
        throw async::error(
            async::failure::integrity,
            fmt::format(
                "{} rows of '{}', which was restored, were changed while they were back in {}, or moved to"
                " another day: {} {}",
                seen.changed_or_moved(), file.properties.name, opened.table.name, key_names(opened.table),
                changed_keys(seen)),
            std::string(changed_hint(seen)));
    }
}

} // namespace archive
