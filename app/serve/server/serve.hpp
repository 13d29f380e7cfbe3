// `serve`: waits for requests to run export tasks, until a signal ends it.
// Tested by tests/integration/test_serve.py.
#pragma once

#include "app/settings/configuration.hpp"

namespace app {

// The exit code. Never throws.
[[nodiscard]] int serve(const configuration& settings);

} // namespace app
