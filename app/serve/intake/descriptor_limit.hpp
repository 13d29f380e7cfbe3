// The limit of files and sockets that the process may have open.
// Tested by tests/integration/test_serve_hardship.py.
#pragma once

#include <cstddef>

namespace app {

// Raises the process's limit if possible and necessary, so that `wanted` connections fit beside everything
// else; returns how many fit.
[[nodiscard]] std::size_t connections_that_fit(std::size_t wanted);

// Whether another topic may be opened, whose files stay open: the last quarter is for files that are open for
// a while.
[[nodiscard]] bool descriptors_left_for_a_topic();

} // namespace app
