// The rows of a file, or of its pending tail, looked for in the table.
// Tested by tests/fault/test_settling.py.
#pragma once

#include "archive/settle/decisions.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "lake/file_store.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace archive {

inline constexpr std::size_t keys_shown = 20; // in a message

struct rows_of_file {
    row_counts counts;
    std::vector<std::string> present; // keys that the table has, at most `keys_shown`
    std::vector<std::string> changed; // of these, the keys of rows with other content
    std::vector<std::string> absent;  // keys that the table lacks, at most `keys_shown`
    bool comparable = true;           // the file has the columns of the key
};

// Reads the pending tail, or the whole file if it has none, in the memory of a few thousand rows. `file` must
// have a mark. `where`, if not empty, narrows which rows of the table count. Throws async::error(integrity)
// for a file that cannot be read to its end.
[[nodiscard]] awaitable<rows_of_file> look_at_rows(lake::file_store& files, db::connection& session,
                                                   const table_description& table,
                                                   const lake::listed_file& file, std::string where = {});

} // namespace archive
