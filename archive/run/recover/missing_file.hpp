// A file that the ledger knows and that is not there, or that went in the middle of a run: recover --discard.
// Tested by tests/fault/test_missing_files.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"
#include "archive/settle/verdict.hpp"

namespace archive {

// Writes into the ledger that a person has moved or removed the file on purpose, and who it was. The file is
// then no longer expected. The lease must be held. Throws async::error(precondition) if the ledger does not
// expect it, if its rows stand in a copy, or if it is to be kept.
[[nodiscard]] awaitable<void> decide_missing(const run_context& context, run_tools& tools,
                                             run_transaction& opened, lake::file_key key, verdict decision);

// The same for rows of a file that went while a run was at work, which then began another one. False if the
// ledger knows of no such loss.
[[nodiscard]] awaitable<bool> accept_loss(const run_context& context, run_tools& tools,
                                          run_transaction& opened, const lake::listed_file& file);

} // namespace archive
