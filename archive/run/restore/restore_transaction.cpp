#include "archive/run/restore/restore_transaction.hpp"

#include "async/error.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace archive {

using async::failure;

std::optional<std::uint64_t> rows_of_day(const std::vector<restored_file>& all,
                                         const std::vector<db::side_effect>& went_along,
                                         const restored_file& file) {
    const bool others = std::ranges::any_of(went_along, &db::side_effect::own);
    if (others || file.loaded.rows_present > 0)
        return std::nullopt;
    std::uint64_t rows = 0;
    for (const auto& each : all)
        if (each.file->key().which == file.file->key().which)
            rows += each.loaded.rows_inserted;
    return rows;
}

lake::file_mark mark_being_restored(const restored_file& restored, std::string table,
                                    const db::transaction_mark& author, std::string held_until) {
    const auto& file = *restored.file;
    const auto& before = file.mark.mark;
    lake::file_mark mark;
    if (before && before->now.bytes == file.properties.size) {
        mark = *before;
    } else {
        mark.table = before ? before->table : table;
        mark.now = restored.loaded.content;
        mark.now.run = author.run;
        mark.now.transaction = author.transaction;
        mark.now.position = author.position;
        if (before) { // an earlier restore put rows of it into the table, perhaps for a longer time
            mark.restored = before->restored;
            mark.held_until = before->held_until;
        }
    }
    if (mark.table != table)
        throw async::error(failure::precondition,
                           fmt::format("'{}' holds rows of table {}", file.properties.name, mark.table),
                           "Name that table with ARCHIVE_TABLE, or restore with --into.");
    return lake::being_restored(mark, author, std::move(held_until));
}

} // namespace archive
