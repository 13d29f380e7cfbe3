// recover --keep of a file that waits for no transaction: a person accepts what others wrote to it.
// Tested by tests/fault/test_ledger.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"

namespace archive {

// Records the content that the file has now as its content. If the ledger says that its rows were moved back,
// and the table has any of them, the file is marked as restored again, without a hold. Throws
// async::error(precondition) if it is not a day file of the table, or if that content is recorded already.
[[nodiscard]] awaitable<void> accept_file(const run_context& context, run_tools& tools,
                                          const run_transaction& opened, const lake::listed_file& file);

} // namespace archive
