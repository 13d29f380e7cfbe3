#include "archive/run/restore/restore_transaction.hpp"

#include "async/error.hpp"
#include "lake/mark/mark_change.hpp"

#include <fmt/format.h>

#include <utility>

namespace archive {

using async::failure;

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
