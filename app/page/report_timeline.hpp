// The phases of a run as bars over a common axis of time.
// Tested by tests/unit/app/page/report_page_test.cpp.
#pragma once

#include "app/page/report_page.hpp"

#include <span>
#include <string>

namespace app {

// Below the bars, the names of the first row with their times. Empty without stretches.
[[nodiscard]] std::string timeline_markup(std::span<const page_stretch> stretches, std::size_t left_out);

// Seconds between two marks of an axis of this length: 1, 2 or 5 times a power of ten, at most eight marks.
[[nodiscard]] double axis_step(double seconds) noexcept;

} // namespace app
