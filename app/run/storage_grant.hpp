// The way to give the credential of a run its permissions in the storage account.
// Tested by tests/unit/app/run/storage_grant_test.cpp.
#pragma once

#include "app/settings/configuration.hpp"

#include <string>

namespace app {

// The remedy for a permission that is missing, a sentence: a role assignment for an identity, letters of a
// SAS. Empty for an account key, which may do everything.
[[nodiscard]] std::string storage_grant(const configuration& settings, const std::string& container);

} // namespace app
