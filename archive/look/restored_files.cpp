#include "archive/look/restored_files.hpp"

#include "archive/table/file_header.hpp"
#include "azure/blob/error.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace archive {

awaitable<restored_look> look_at_restored(db::connection& session, lake::file_store& store,
                                          const table_description& table, const lake::file_map& files,
                                          selection due) {
    restored_look found;
    const auto restored = files.with(lake::file_trait::restored);
    if (restored.empty())
        co_return found;
    const auto position = co_await db::position_of(session);
    const auto restores = restores_of(restored);
    selection all;
    all.upper = due.upper;
    const auto clause = where_clause(table, due);
    std::uint64_t bytes = 0;
    for (const auto* file : restored) {
        const auto& mark = *file->mark.mark;
        const auto which = file->key().which;
        if (mark.pending || mark.now.rows == 0 || !is_as_marked(*file) || !has_whole_day(all, which))
            continue;
        ++found.files;
        const bool on_hold = std::ranges::binary_search(due.held, which);
        const bool untouched = on_hold && co_await has_all_restored(session, table, position, *file);
        if (untouched)
            continue;
        bytes += mark.now.uncompressed + file->properties.size;
        if (bytes > bytes_looked_at_max || (!table.indexed_by_time && table.pages > scanned_pages_max)) {
            ++found.unread;
            continue;
        }
        auto since = written_since(mark.restored->author, table.named, position, restores);
        auto moved = search_of_restored(std::move(since), clause,
                                        on_hold ? look_in::rows_that_are_due : look_in::whole_table);
        auto where = on_hold ? clause : std::string();
        std::optional<rows_of_file> seen;
        try {
            seen = co_await look_at_readable_rows(store, session, table, *file, std::move(where),
                                                  std::move(moved));
        } catch (const azure::storage_error& failed) {
            if (failed.status() != 404 && failed.status() != 412)
                throw;
            ++found.unread; // a run has written to it meanwhile
            continue;
        } catch (const async::error& failed) {
            if (failed.kind() != async::failure::integrity)
                throw;
            found.mistakes.push_back(failed); // the file cannot be read
            continue;
        }
        if (auto mistake = restored_mistake(seen, *file, table))
            found.mistakes.push_back(*std::move(mistake));
        if (!seen)
            break;
    }
    co_return found;
}

} // namespace archive
