// recover --keep of a file that waits for nothing: a person has looked at what others made of it.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"

namespace archive {

// From now on the file is known to hold what it holds. Throws async::error(precondition) if it is no day file
// of the table, or holds what it is known to hold.
[[nodiscard]] awaitable<void> accept_file(const run_context& context, run_tools& tools,
                                          const run_transaction& opened, const lake::listed_file& file);

} // namespace archive
