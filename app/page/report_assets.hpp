// The look of the report page, and what its script adds: search and sorting.
// Tested by tests/unit/app/page/report_page_test.cpp.
#pragma once

#include <string_view>

namespace app {

[[nodiscard]] std::string_view report_style() noexcept;
[[nodiscard]] std::string_view report_script() noexcept;

} // namespace app
