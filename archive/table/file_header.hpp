// The columns that a day file was written with. The table may have others today.
// Tested by tests/integration/test_verify.py.
#pragma once

#include "archive/table/table.hpp"
#include "lake/content/row_judge.hpp"
#include "lake/folder/file_store.hpp"

#include <string>
#include <vector>

namespace archive {

// True if the mark is ours and the file has not been written to since.
[[nodiscard]] bool is_as_marked(const lake::listed_file& file) noexcept;

// What a file of this day must be, if the table has its columns of today.
[[nodiscard]] lake::expected_file expected_of(const table_description& table, lake::day which);

// Plain names, in the file's order. Reads the file's first bytes only where its mark does not say that they
// are the table's. Throws async::error(integrity) that names the file if there is no header.
[[nodiscard]] awaitable<std::vector<std::string>>
columns_of(lake::file_store& files, const lake::listed_file& file, const table_description& table);

// Throws async::error(precondition) if the columns of the key or the time are not among them.
void must_name_key_and_time(const lake::listed_file& file, const std::vector<std::string>& columns,
                            const table_description& table);

} // namespace archive
