// `event-archiver config`.
#pragma once

#include "app/command_line.hpp"
#include "app/sources.hpp"

#include <string>

namespace app {

// Every setting, its value and where it came from; secrets are never shown, the database without its
// password.
[[nodiscard]] std::string show_config(const texts& given, output_format format);

} // namespace app
