// Calls on the directory of exports, away from the loop.
// Tested by tests/integration/test_export_file_systems.py.
#pragma once

#include "async/asio.hpp"
#include "async/helper_thread.hpp"

#include <functional>

namespace exports {

using async::awaitable;

// Runs `call` on `helper`. If a setting can avoid its async::file_error, the error gets a hint that names
// EXPORT_PATH.
[[nodiscard]] awaitable<void> on_disk(async::helper_thread& helper, std::function<void()> call);

} // namespace exports
