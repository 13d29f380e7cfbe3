// Rows that a file has, and that are due on another day than the file's.
// Tested by tests/fault/test_moved_rows.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"

namespace archive {

// Once rows are staged, before any is deleted. Throws async::error(integrity) if a row that is due has the
// key of a row of another day's file: of one on hold, of one that another shard restored, or of one near to a
// day that is due, since whose writing the time column or the key got another type. Files on hold are read
// only if the table lacks one of the rows that were put back.
[[nodiscard]] awaitable<void> must_not_have_moved(const run_context& context,
                                                  const archive_transaction& work);

} // namespace archive
