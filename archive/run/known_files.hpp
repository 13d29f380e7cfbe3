// Finds files that the ledger lists and that are missing or an earlier version. A run that wrote to such a
// day would make the ledger forget the file, and nothing would show the loss. If a file goes during the run,
// the run tells the ledger before it writes anything in its place.
// Tested by tests/fault/test_missing_files.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"
#include "async/asio.hpp"
#include "async/error.hpp"
#include "async/log.hpp"
#include "lake/day_range.hpp"
#include "lake/folder/file_map.hpp"
#include "lake/ledger/ledger.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace archive {

using async::awaitable;

// The error for the first file of these days that is missing or an earlier version; nullopt if all are right.
// Pure.
[[nodiscard]] std::optional<async::error> lost_file(const lake::ledger_state& known,
                                                    const lake::file_map& files, const lake::day_range& days);

// The error for the first file of these days whose rows were moved back into the table and whose mark does
// not say so any more: a row that was moved to another day would be archived as if no file had it. nullopt if
// all are right. Pure.
[[nodiscard]] std::optional<async::error>
unmarked_file(const lake::ledger_state& known, const run_transaction& opened, const lake::day_range& days);

// The error for the first restored file, of any day and shard, that is missing or an earlier version. Pure.
[[nodiscard]] std::optional<async::error> lost_restored_file(const lake::ledger_state& known,
                                                             const run_transaction& opened);

// For one run: the ledger is read once.
class known_files {
  public:
    known_files(run_tools& tools, async::log& log)
        : tools_(tools)
        , log_(log) {}

    // Throws async::error(integrity) that names the first such file of these days. Of a day that was looked
    // at before in this run, it warns and writes into the ledger that the file is lost: it went meanwhile.
    // It throws for a restored file of any day, of any shard, that is gone or not marked as such: rows of it
    // may have been moved to these days.
    [[nodiscard]] awaitable<void> must_be_there(const run_transaction& opened, std::vector<lake::day> days);
    // Before the mark of a restored file ends: the ledger expects it no longer. False, with a warning, if the
    // ledger cannot be written: the mark has to stay, which does no harm.
    [[nodiscard]] awaitable<bool> end_restore(const lake::listed_file& file);
    // Before a file is marked with the checksum of the table's types, and after `must_be_there`: the ledger
    // keeps what it is a checksum of. A later run then knows which labels were added since.
    [[nodiscard]] awaitable<void> record_types(const table_description& table);

  private:
    [[nodiscard]] awaitable<void> look(const run_transaction& opened, lake::file_key key, bool first);
    [[nodiscard]] awaitable<void> record(lake::ledger_entry entry, std::string_view word);
    [[nodiscard]] awaitable<void> read(lake::day first);

    run_tools& tools_;
    async::log& log_;
    std::optional<lake::ledger_state> known_;
    std::string since_; // `known_` is from this month on: "2024-02"
    std::set<lake::day> checked_;
};

} // namespace archive
