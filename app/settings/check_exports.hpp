// The settings of exports.
#pragma once

#include "app/settings/configuration.hpp"
#include "app/settings/sources.hpp"

namespace app {

// Puts what it finds, and every mistake, into `result`. Looks which of the default directories of tasks is
// there.
void check_exports(const texts& given, checked_configuration& result);

} // namespace app
