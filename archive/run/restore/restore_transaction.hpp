// What a transaction that restores in place holds besides what every transaction of a run does.
#pragma once

#include "archive/run/day_loader.hpp"
#include "archive/run/run_transaction.hpp"
#include "db/position.hpp"
#include "db/side_effects.hpp"
#include "lake/folder/folder.hpp"
#include "lake/mark/mark.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace archive {

struct restored_file {
    const lake::listed_file* file;
    loaded_file loaded;
    lake::file_mark mark = {};  // says that it is being restored
    azure::etag announced = {}; // its version with that mark
};

struct restore_transaction {
    // `begun` must outlive it.
    explicit restore_transaction(run_transaction& begun)
        : opened(begun) {}

    run_transaction& opened;
    std::vector<restored_file> files;
    std::vector<db::side_effect> went_along;
    db::transaction_mark mark; // as the marks of the files name it, once its number is known
};

// The rows that a restore of `all` these files inserts into the day of `file`, if all rows of the file are
// among them, and if the restore changed no other row of the table. nullopt otherwise. Pure.
[[nodiscard]] std::optional<std::uint64_t> rows_of_day(const std::vector<restored_file>& all,
                                                       const std::vector<db::side_effect>& went_along,
                                                       const restored_file& file);

// The mark of a file while `author` restores it. It records the content that the file's own mark has, or,
// where others wrote to the file since, the content that was read. `table` as in a mark. Throws
// async::error(precondition) if the file holds the rows of another table.
[[nodiscard]] lake::file_mark mark_being_restored(const restored_file& restored, std::string table,
                                                  const db::transaction_mark& author, std::string held_until);

} // namespace archive
