// Reads the Entra identity, which the lake, the database and Kafka may be signed in to with.
// Tested by tests/unit/app/settings/features/storage_settings_test.cpp.
#pragma once

#include "app/settings/checker.hpp"

namespace app {

// A second call does nothing.
void read_identity(checker& settings);

} // namespace app
