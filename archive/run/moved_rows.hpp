// Rows of a file that are due on another day than the file's.
// Tested by tests/fault/test_moved_rows.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"
#include "archive/settle/moved_search.hpp"

namespace archive {

// Call it once rows are staged and before any is deleted. Throws async::error(integrity) if a row that is due
// has the key of a row in another day's file: a file on hold, a file that another shard restored, or a file
// of a day near to one that is due, if the type of the time column or of the key has changed since it was
// written. Files on hold are read only if the table lacks one of the rows that were put back.
[[nodiscard]] awaitable<void> must_not_have_moved(const run_context& context,
                                                  const archive_transaction& work);

// How rows of a restored file are looked for that have another key, because they got another time.
[[nodiscard]] moved_search search_for_moved(const archive_transaction& work, const lake::listed_file& file,
                                            look_in where);

// Before the rows of a file are restored that was restored before: one that got another time since would be
// in the table twice, where the time is part of the key. Throws async::error(integrity) that names them.
[[nodiscard]] awaitable<void> must_not_have_moved_since(const run_context& context,
                                                        const run_transaction& opened,
                                                        const lake::listed_file& file);

} // namespace archive
