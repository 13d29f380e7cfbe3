// Text and numbers as a page shows them.
#pragma once

#include "app/text/units.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace app {

// For element content and quoted attributes; bytes that are not UTF-8 are replaced.
[[nodiscard]] std::string escaped(std::string_view text);
// "1.2 MB", powers of 1000.
[[nodiscard]] std::string byte_count(std::uint64_t bytes);
// "840 ms", "12.3 s", "3 min 20 s", "2 h 05 min"
[[nodiscard]] std::string time_span(std::chrono::duration<double> span);

} // namespace app
