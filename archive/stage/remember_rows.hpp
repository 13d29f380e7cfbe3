// Remembers the rows of a file that the table may still have: the database has lost commits, or others wrote
// the file. docs/protocol.md, "A server that lost commits". The memory is taken from that of the blocks.
// Tested by tests/fault/test_lost_history.py.
#pragma once

#include "archive/stage/day_file.hpp"
#include "archive/stage/staging_tools.hpp"
#include "lake/folder/listed_file.hpp"
#include "lake/mark/mark.hpp"

#include <cstdint>
#include <span>
#include <string_view>

namespace archive {

// True if the table may have rows of a file of ours although they were not restored.
[[nodiscard]] bool is_doubted(const staging_context& context, const lake::listed_file& before);
[[nodiscard]] std::string_view why_doubted(const staging_context& context, const lake::listed_file& before);

// Before this number of the file's rows are remembered.
void expect_rows(staging_tools& tools, day_file& file, std::uint64_t rows);
// A row as COPY writes it.
void remember_row(staging_tools& tools, day_file& file, std::string_view row);
// A row as it stands in a file whose number of rows is not known. Throws async::error(precondition) if the
// rows that are remembered take half of the memory.
void remember_row_of_others(staging_tools& tools, day_file& file, std::string_view row);
// Gives the memory back.
void forget_rows(staging_tools& tools, day_file& file);

// Remembers the rows of `source`, which has a mark: all of them, or those with these hashes of their keys, in
// order. Returns what the file holds. Throws async::error(integrity) if that is not what its mark says.
[[nodiscard]] awaitable<lake::file_record> remember_rows_in(staging_tools& tools, day_file& file,
                                                            const lake::listed_file& source,
                                                            std::span<const std::uint64_t> keys = {});

} // namespace archive
