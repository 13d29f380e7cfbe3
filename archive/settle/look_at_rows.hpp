// The rows of a file, or of its pending tail, looked for in the table.
// Tested by tests/fault/test_settling.py.
#pragma once

#include "archive/settle/decisions.hpp"
#include "archive/settle/moved_search.hpp"
#include "archive/table/table.hpp"
#include "async/error.hpp"
#include "db/connection.hpp"
#include "lake/folder/file_store.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

struct rows_of_file {
    row_counts counts;
    std::uint64_t moved = 0;          // rows of the table that may be the file's, under other keys: at least
    std::vector<std::string> present; // keys that the table has, at most `keys_shown`
    std::vector<std::string> changed; // the keys of rows with other content, and of those that moved
    std::vector<std::string> absent;  // keys that the table lacks, at most `keys_shown`
    bool comparable = true;           // the file has the columns of the key

    [[nodiscard]] std::uint64_t changed_or_moved() const noexcept { return counts.other_content + moved; }
    [[nodiscard]] std::uint64_t in_table() const noexcept {
        return counts.to_the_letter + changed_or_moved();
    }
};

// The number and the keys of rows that were changed or moved, for a sentence, and what to do about a restored
// file that has such rows.
[[nodiscard]] std::string changed_count(const rows_of_file& seen);
[[nodiscard]] std::string changed_keys(const rows_of_file& seen);
[[nodiscard]] std::string_view changed_hint(const rows_of_file& seen) noexcept;

// Reads the pending tail, or the whole file if it has none, in the memory of a few thousand rows. `file` must
// have a mark. `where`, if not empty, narrows which rows of the table count. Throws async::error(integrity)
// for a file that cannot be read to its end.
[[nodiscard]] awaitable<rows_of_file> look_at_rows(lake::file_store& files, db::connection& session,
                                                   const table_description& table,
                                                   const lake::listed_file& file, std::string where = {},
                                                   std::optional<moved_search> moved = std::nullopt);

// Whether rows that were not found may be there all the same: the key has another type since, and another
// text. Pure.
[[nodiscard]] bool is_in_doubt(const rows_of_file& seen, const lake::file_record& written,
                               const table_description& table) noexcept;

// The error for a restored file that is_in_doubt.
[[nodiscard]] async::error has_other_keys(const lake::listed_file& file, const table_description& table);

} // namespace archive
