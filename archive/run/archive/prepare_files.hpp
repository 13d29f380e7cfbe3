// Looks at the files that an archive run will write to, before the first row is read.
// Tested by tests/integration/test_foreign_files.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"

#include <vector>

namespace archive {

// The existing files of the days that are due. Without an index only a pass over the table finds the days:
// then this returns none if every file of the folder can be appended to.
[[nodiscard]] awaitable<std::vector<const lake::listed_file*>>
files_to_append_to(const run_context& context, const archive_transaction& work);

// The size of a row as CSV, in bytes, if a day is large enough for it to matter; 0: not known. Throws
// async::error if the largest day cannot fit into one file.
[[nodiscard]] awaitable<double> estimate_row_bytes(const run_context& context,
                                                   const archive_transaction& work);

} // namespace archive
