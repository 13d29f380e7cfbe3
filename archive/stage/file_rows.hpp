// The rows of a file as others may have written them, and the error where they are not those that it had.
// Tested by tests/fault/test_rows_of_others.py.
#pragma once

#include "async/error.hpp"

#include <string>
#include <string_view>

namespace archive {

// A row of a file as COPY would have written it, whichever program wrote it: quotes and line end.
[[nodiscard]] std::string as_copy_writes(std::string_view row);

// The error for a file that no longer holds its recorded content.
[[nodiscard]] async::error changed_by_others(std::string_view name);

} // namespace archive
