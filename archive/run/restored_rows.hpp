// Rows of a restored day that are no longer as its file has them.
// Tested by tests/fault/test_restored_days.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"

namespace archive {

// Once rows are staged, before any is deleted. A row that was restored and then got another time, or is
// written otherwise since a column was altered, is due as another row: of another day, whose file does not
// have it. Throws async::error(integrity) if the table has, under a key of a restored file, a row with other
// content. Files all of whose rows were recognised are not read; nor are those on hold.
[[nodiscard]] awaitable<void> must_be_as_restored(const run_context& context,
                                                  const archive_transaction& work);

} // namespace archive
