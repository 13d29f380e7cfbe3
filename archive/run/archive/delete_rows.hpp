// Deletes the rows from the table, in the transaction that their files depend on.
// Tested by tests/integration/test_side_effects.py.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"

#include <set>
#include <string>

namespace archive {

// Deletes what was staged and is not deleted yet, and takes whole partitions away if the run is told to. Then
// `work.publication` names the transaction, whose number is durable on the server. Throws
// async::error(integrity) if the server deleted another number of rows than were staged. `attached` lives as
// long as the run: partitions that came while others were taken away. Throws async::error(precondition) if a
// partition comes twice: an event trigger attaches it.
[[nodiscard]] awaitable<void> delete_rows(const run_context& context, archive_transaction& work,
                                          std::string cutoff, std::set<std::string>& attached);

} // namespace archive
