// Looks into a day's file of the other kind (.csv beside .csv.gz), from before the setting was changed or
// from somebody else. Nothing is added to it, but the table may have its rows.
// Tested by tests/fault/test_files_that_hold_rows.py.
#pragma once

#include "archive/stage/day_file.hpp"
#include "archive/stage/staging_tools.hpp"
#include "lake/folder/listed_file.hpp"

namespace archive {

// Makes `file.other`. Rows are deleted because it has them: it must still be there at COMMIT, with a mark
// that says so. Throws async::error(precondition) if it cannot be marked.
void open_other(const staging_context& context, day_file& file, const lake::listed_file& other);

// Remembers the rows of `other` in `file.other` if the table may have them.
[[nodiscard]] awaitable<void> remember_rows_of_other(staging_tools& tools, day_file& file,
                                                     const lake::listed_file& other);

} // namespace archive
