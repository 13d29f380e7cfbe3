// --prove: what the lake serves must be what was sent.
#pragma once

#include "archive/run/run_context.hpp"
#include "archive/stage/day_file.hpp"

namespace archive {

// Reads the published tail back. Throws async::error(integrity) if it is another one than was sent.
[[nodiscard]] awaitable<void> prove(const run_context& context, const day_file& file);

} // namespace archive
