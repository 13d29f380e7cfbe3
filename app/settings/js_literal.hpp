// The value that a JavaScript module exports, if it is a literal: `module.exports = { … };`. No JavaScript is
// run.
// Tested by tests/unit/app/settings/config_file_test.cpp.
#pragma once

#include "app/settings/config_value.hpp"

#include <string_view>

namespace app {

// Objects, arrays, strings, numbers, true, false, null and undefined, with comments and commas too many as
// JavaScript has them, behind `module.exports =`, `export default` or nothing. JSON is among them.
[[nodiscard]] parsed_config parse_js_literal(std::string_view content);

} // namespace app
