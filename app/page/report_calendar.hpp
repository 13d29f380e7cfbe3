// Rows per day as a calendar, a year a row of weeks.
// Tested by tests/unit/app/page/report_page_test.cpp.
#pragma once

#include "app/page/report_page.hpp"

#include <span>
#include <string>

namespace app {

// How dark a day is, 0 (no rows) to 5, by the logarithm of its share of the fullest day.
[[nodiscard]] int shade_of(std::uint64_t rows, std::uint64_t rows_max) noexcept;

// An SVG for each year that has days, oldest first; empty without days.
[[nodiscard]] std::string calendar_markup(std::span<const page_day> days);

} // namespace app
