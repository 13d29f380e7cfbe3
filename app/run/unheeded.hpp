// Warns of settings that the run goes on without.
// Tested by tests/integration/test_settings.py.
#pragma once

#include "app/settings/configuration.hpp"
#include "async/log.hpp"

namespace app {

// Once a run.
void warn_of_unheeded(const configuration& settings, async::log& log);

} // namespace app
