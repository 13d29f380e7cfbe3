// The rows of a file, or of its pending tail, looked for in the table.
// Tested by tests/fault/test_settling.py.
#pragma once

#include "archive/settle/decisions.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "db/position.hpp"
#include "lake/file_store.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace archive {

inline constexpr std::size_t keys_shown = 20; // in a message

// Which rows of the table count for a row of the file that was given another time, where the time is a part
// of the key. Conditions in SQL; empty: see there.
struct moved_search {
    std::string since; // written since the file's rows were there; empty: that is not known of any row
    std::string where; // with the same rest of the key, and no second row of the table has it; empty: all
    std::string alike; // alike in all but the time, though others share the rest of the key; empty: none
    // One of `since` with the same rest of the key is enough: it may be any row.
    bool any = false;
};
// Written after that transaction, which wrote rows of a file, by others than `restores`. Empty where the
// history of the server at `here` does not tell. Pure.
[[nodiscard]] std::string written_since(const db::transaction_mark& author, const db::server_position& here,
                                        const std::vector<db::transaction_mark>& restores = {});

// For settling a file that waits for a transaction. A file that is marked as restored without need does no
// harm: any row counts that may be a row of it. A tail is taken back for a row that can be no other. Pure.
[[nodiscard]] std::optional<moved_search> moved_since(const lake::file_mark& mark,
                                                      const db::server_position& here);

struct rows_of_file {
    row_counts counts;
    std::uint64_t moved = 0;          // of those with other content: they have another time
    std::vector<std::string> present; // keys that the table has, at most `keys_shown`
    std::vector<std::string> changed; // of these, the keys of rows with other content
    std::vector<std::string> absent;  // keys that the table lacks, at most `keys_shown`
    bool comparable = true;           // the file has the columns of the key
};

// Reads the pending tail, or the whole file if it has none, in the memory of a few thousand rows. `file` must
// have a mark. `where`, if not empty, narrows which rows of the table count. Rows that `moved` finds count as
// rows with other content. Throws async::error(integrity) for a file that cannot be read to its end.
[[nodiscard]] awaitable<rows_of_file> look_at_rows(lake::file_store& files, db::connection& session,
                                                   const table_description& table,
                                                   const lake::listed_file& file, std::string where = {},
                                                   std::optional<moved_search> moved = std::nullopt);

// Whether rows that were not found may be there all the same: the key has another type since, and another
// text. Pure.
[[nodiscard]] bool is_in_doubt(const rows_of_file& seen, const lake::file_record& written,
                               const table_description& table) noexcept;

} // namespace archive
