// Rows of a restored day that differ from its file by now.
// Tested by tests/fault/test_restored_days.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"

namespace archive {

// Call it once rows are staged and before any is deleted. Throws async::error(integrity) if the table has a
// row with a key of a restored file and other content. Such a row got another time since, or a column was
// altered: it is due as a row of another day, whose file does not have it. Files whose rows were all
// recognised are not read, and neither are files on hold.
[[nodiscard]] awaitable<void> must_be_as_restored(const run_context& context,
                                                  const archive_transaction& work);

} // namespace archive
