// An answer that is too long for memory, printed in parts.
// Tested by tests/integration/test_cat.py.
#pragma once

#include "async/asio.hpp"
#include "async/helper_thread.hpp"

#include <string>

namespace app {

// Writes the lines to standard output on `printing`, so that waiting for a slow reader blocks no other work.
// `printing` must be one that the process does not wait for at its end, such as run_frame::blocking_calls.
// False once the reader has gone, as `head` does. Throws async::error if they cannot be written.
[[nodiscard]] async::awaitable<bool> print_lines(async::helper_thread& printing, std::string lines);

} // namespace app
