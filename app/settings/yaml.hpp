// YAML of one document, as libyaml reads it: mappings with plain names, lists, scalars. Aliases are refused,
// so no file becomes larger than it is written.
// Tested by tests/unit/app/settings/config_file_test.cpp.
#pragma once

#include "app/settings/config_value.hpp"

#include <string_view>

namespace app {

// An empty document is a map without entries.
[[nodiscard]] parsed_config parse_yaml(std::string_view content);

} // namespace app
