// Recognises rows of the table that one of the day's files holds already: they are deleted, not appended.
// docs/protocol.md, "A server that lost commits".
// Tested by tests/fault/test_lost_history.py and tests/fault/test_rows_of_others.py.
#pragma once

#include "archive/stage/day_file.hpp"
#include "archive/stage/staging_tools.hpp"

#include <string_view>

namespace archive {

// True if the file, or the day's file of the other kind, has the row: it is counted there. Throws
// async::error(integrity) if one of them has another row of this key and allows no second one.
[[nodiscard]] bool recognise_row(staging_tools& tools, day_file& file, std::string_view row);

// Keeps the key and the checksum of the row for the file's mark.
void take_sample(staging_tools& tools, day_file& file, std::string_view row);

} // namespace archive
