// How answers are printed.
// Tested by tests/unit/app/cli/command_line_test.cpp.
#pragma once

namespace app {

enum class output_format : unsigned char { text, json };

} // namespace app
