// Whether rows of restored files were changed or moved while they were back in the table: `archive` ends with
// exit code 7 then, and `plan` and `check` say so before.
// Tested by tests/fault/test_moved_keys.py.
#pragma once

#include "archive/settle/restored_mistake.hpp"
#include "archive/table/selection.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace archive {

// Of the files that a look reads: what is more is left to the run.
inline constexpr std::uint64_t bytes_looked_at_max = std::uint64_t{16} << 20;
inline constexpr std::uint64_t scanned_pages_max = 25'000; // of a table without an index by time

struct restored_look {
    std::vector<async::error> mistakes;
    std::size_t files = 0;  // restored files whose day is over
    std::size_t unread = 0; // of these: they are too large, as is the table, or were changed meanwhile
};

// `due`: all rows that are, without those of days on hold. In a transaction, which fails if the server cannot
// read a key: let nothing follow in it.
[[nodiscard]] awaitable<restored_look> look_at_restored(db::connection& session, lake::file_store& store,
                                                        const table_description& table,
                                                        const lake::file_map& files, selection due);

} // namespace archive
