// The table that `restore --into` makes if no table has that name.
// Tested by tests/integration/test_restore.py.
#pragma once

#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "lake/folder/folder.hpp"

#include <string>
#include <vector>

namespace archive {

// CREATE TABLE: like `source` where all files have its columns, otherwise with every column of every file,
// and the primary key if all have it. `target` is ready for SQL. Reads the header of each file. Throws
// async::error(precondition) for a file that lacks a column of the key or the time.
[[nodiscard]] awaitable<std::string> create_statement(db::connection& session, lake::folder& folder,
                                                      std::string target,
                                                      const std::vector<const lake::listed_file*>& files,
                                                      const table_description& source);

} // namespace archive
