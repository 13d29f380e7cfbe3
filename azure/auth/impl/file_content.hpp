// Small files that hold a proof of identity, read away from the loop.
// Tested by tests/unit/azure/auth/token_source_test.cpp.
#pragma once

#include "async/asio.hpp"
#include "async/helper_thread.hpp"

#include <string>

namespace azure {

// What the file holds. Throws async::error(usage) if it cannot be read, is empty or larger than a megabyte.
[[nodiscard]] async::awaitable<std::string> file_content(std::string path, async::helper_thread& helper);

} // namespace azure
