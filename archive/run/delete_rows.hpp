// The rows out of the table, in the transaction that stands or falls with their files.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"

#include <string>

namespace archive {

// Deletes what was staged, and takes whole partitions away where the run is to. Then `work.publication` names
// the transaction, whose number the server will not forget. Throws async::error(integrity) if the server
// deleted another number of rows than were staged.
[[nodiscard]] awaitable<void> delete_rows(const run_context& context, archive_transaction& work,
                                          std::string cutoff);

} // namespace archive
