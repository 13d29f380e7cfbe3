// The commands that move rows, or end what earlier runs left: settle, read, stage, delete, publish, commit,
// finish. docs/protocol.md says of each step what happens if the process dies there. Every context must
// outlive the call.
// Tested by tests/integration/test_round_trip.py.
#pragma once

#include "archive/run/erase/erasure.hpp"
#include "archive/run/restore/restore.hpp"
#include "archive/run/run_context.hpp"
#include "archive/settle/verdict.hpp"

#include <string>

namespace archive {

// Moves every due row. On any failure no row has been deleted and no file keeps what this transaction added,
// or the next run removes it; `context.report` then tells what earlier transactions (commit by day) have
// done.
[[nodiscard]] awaitable<void> archive_rows(const run_context& context);
// Brings days back. Into another table: each in a transaction of its own, any number of times. In place: all
// in one transaction; on any failure the files hold what they held, or the next run restores that.
[[nodiscard]] awaitable<void> restore_days(const run_context& context, restore_request request);
// Removes the rows that match from the table and from the files of days, of every shard; with
// `context.settings.dry_run` it counts them. On any failure each file is as it was, or without exactly these
// rows, and no other row is lost: the same command again does the rest.
[[nodiscard]] awaitable<erasure> erase_rows(const run_context& context, erase_request request);
// Settles what earlier runs left, and nothing else.
[[nodiscard]] awaitable<void> recover_files(const run_context& context);
// Settles one pending file as a person decided. `name`: with or without the folder.
[[nodiscard]] awaitable<void> recover_file(const run_context& context, std::string name, verdict decision);
// Makes the folder this table's, whichever table's it was. Throws async::error(locked) while somebody else is
// at work.
[[nodiscard]] awaitable<void> adopt_folder(const run_context& context);

} // namespace archive
