#include "archive/run/archive/restored_rows.hpp"

#include "archive/run/moved_rows.hpp"
#include "archive/settle/restored_mistake.hpp"
#include "archive/table/file_header.hpp"
#include "archive/table/selection.hpp"
#include "async/error.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace archive {

namespace {

// The rows of the file as it is, of which others may have added some.
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

} // namespace

awaitable<void> must_be_as_restored(const run_context& context, const archive_transaction& work) {
    auto& opened = work.opened;
    const auto& rows = work.plan.rows;
    for (const auto* each : opened.files.with(lake::file_trait::restored)) {
        const auto& file = *each;
        const auto key = file.key();
        const auto& mark = file.mark.mark;
        const bool all_are_back = is_as_marked(file) && recognised_of(work, key) == mark->now.rows;
        if (mark->now.rows == 0 || all_are_back || std::ranges::binary_search(rows.held, key.which))
            continue;
        // Of a day that is not over, only what is due now could be archived into another file now.
        const bool whole = has_whole_day(rows, key.which);
        auto where = whole ? std::string() : where_clause(opened.table, rows);
        auto moved = search_for_moved(work, file, whole ? look_in::whole_table : look_in::rows_that_are_due);
        const auto seen = co_await look_at_readable_rows(context.lake, opened.session, opened.table, file,
                                                         std::move(where), std::move(moved));
        if (const auto mistake = restored_mistake(seen, file, opened.table))
            throw async::error(*mistake);
    }
}

} // namespace archive
