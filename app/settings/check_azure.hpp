// The settings of the way to the lake: account, identity, proxy.
#pragma once

#include "app/settings/configuration.hpp"
#include "app/settings/sources.hpp"

namespace app {

// Each puts what it finds, and every mistake, into `result`, on which the next builds.
void check_account(const texts& given, checked_configuration& result);
// Only if the account or the database needs one: the variables may stand in the environment for others.
void check_identity(const texts& given, checked_configuration& result);
// Only if it is used, for the same reason.
void check_proxy(const texts& given, checked_configuration& result);

} // namespace app
