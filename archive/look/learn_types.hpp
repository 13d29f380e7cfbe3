// What the ledger knows of the types that a file was written with, for those who only look.
// Tested by tests/fault/test_changed_types.py.
#pragma once

#include "archive/table/types_judge.hpp"
#include "lake/folder/folder.hpp"

namespace archive {

// Reads the ledger if the file has had other types and the judge does not know the ledger yet.
[[nodiscard]] async::awaitable<void> learn_types(lake::folder& folder, lake::listed_file file,
                                                 types_judge& types);

} // namespace archive
