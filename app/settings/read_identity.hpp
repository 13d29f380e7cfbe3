// The Entra identity, for whichever of lake, database and Kafka is signed in to by it.
// Tested by tests/unit/app/settings/storage_settings_test.cpp.
#pragma once

#include "app/settings/checker.hpp"

namespace app {

// Once is enough: what has been read stays.
void read_identity(checker& settings);

} // namespace app
