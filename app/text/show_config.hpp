// `event-archiver config`.
#pragma once

#include "app/settings/sources.hpp"
#include "app/text/output_format.hpp"

#include <cstddef>
#include <functional>
#include <set>
#include <string>

namespace app {

// By variable: settings whose text is a mistake.
using wrong_settings = std::set<std::string, std::less<>>;

// Every setting, its value and where it came from; secrets are never shown, the database without its
// password, and an invalid value only if it can be no secret. `width`: columns of the terminal, 0: any
// number.
[[nodiscard]] std::string show_config(const texts& given, output_format format,
                                      const wrong_settings& wrong = {}, std::size_t width = 0);

} // namespace app
