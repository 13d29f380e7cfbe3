// --prove: the storage service must return what was sent.
// Tested by tests/fault/test_prove.py.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/stage/day_file.hpp"

namespace archive {

// Reads the published tail back. Throws async::error(integrity) if it differs from what was sent.
[[nodiscard]] awaitable<void> prove(const run_context& context, const day_file& file);

} // namespace archive
