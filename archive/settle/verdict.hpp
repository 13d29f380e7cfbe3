// Whether a person's decision about a file may be carried out: recover --keep, recover --discard.
// Tested by tests/fault/test_discarding.py.
#pragma once

#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "db/fate.hpp"
#include "lake/folder/file_store.hpp"

#include <cstdint>
#include <string_view>

namespace archive {

enum class verdict : std::uint8_t { keep, discard };

inline constexpr std::string_view verdict_hint =
    "Having looked at the file and the table, run `event-archiver recover --keep FILE` (the rows are in the "
    "file only)"
    " or `event-archiver recover --discard FILE` (the rows are in the table).";

// To keep a restored file means that its rows are in the file alone. Throws async::error(precondition) if the
// table has rows of it.
[[nodiscard]] awaitable<void> must_not_be_in_table(lake::file_store& files, db::connection& session,
                                                   const table_description& table,
                                                   const lake::listed_file& file);
// To discard removes the file's copy of the rows. Throws async::error(integrity) if our DELETE may have made
// it the only copy. A row of the file is in the table if its key is. `asked`: what the server says of the
// file's transaction; `certain`: an answer "aborted" is certain. Returns how many of the rows that go are not
// in the table.
[[nodiscard]] awaitable<std::uint64_t> must_be_in_table(lake::file_store& files, db::connection& session,
                                                        const table_description& table,
                                                        const lake::listed_file& file, db::fate asked,
                                                        bool certain);

} // namespace archive
