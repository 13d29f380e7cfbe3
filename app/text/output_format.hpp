// How answers are printed.
#pragma once

namespace app {

enum class output_format : unsigned char { text, json };

} // namespace app
