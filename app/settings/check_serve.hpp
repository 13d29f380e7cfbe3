// The settings of `serve`.
#pragma once

#include "app/settings/configuration.hpp"
#include "app/settings/sources.hpp"

#include <string_view>

namespace app {

// Puts what it finds, and every mistake, into `result`.
void check_serve(const texts& given, checked_configuration& result);

// Whether only programs of this machine can reach it.
[[nodiscard]] bool is_loopback(std::string_view address);

} // namespace app
