// How many files and sockets the process may have open.
// Tested by tests/integration/test_serve_hardship.py.
#pragma once

#include <cstddef>

namespace app {

// Raises the process's limit if it can and has to, so that `wanted` connections fit beside everything else;
// returns how many do.
[[nodiscard]] std::size_t connections_that_fit(std::size_t wanted);

// Whether another topic may be opened, which keeps files open for good: the last quarter is for what is open
// for a while.
[[nodiscard]] bool descriptors_left_for_a_topic();

} // namespace app
