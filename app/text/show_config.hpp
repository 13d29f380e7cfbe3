// `event-archiver config`.
#pragma once

#include "app/settings/sources.hpp"
#include "app/text/output_format.hpp"

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace app {

// By variable: settings whose text is a mistake.
using wrong_settings = std::set<std::string, std::less<>>;

struct config_view {
    wrong_settings wrong = {};
    std::vector<std::string> read_by_libraries = {}; // variables that are set and are no settings
    bool only_changed = false;                       // leave out valid settings that have their default
};

// Every setting, its value and where it came from, and whether it is a mistake; secrets are never shown, the
// database without its password, and an invalid value only if it can be no secret. `width`: columns of the
// terminal, 0: any number.
[[nodiscard]] std::string show_config(const texts& given, const config_view& view, output_format format,
                                      std::size_t width = 0);

} // namespace app
