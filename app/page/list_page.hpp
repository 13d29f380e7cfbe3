// The page of `list --report`: what the archive holds.
// Tested by tests/integration/test_report.py.
#pragma once

#include "app/page/report_page.hpp"
#include "archive/look/inventory.hpp"

#include <string>

namespace app {

[[nodiscard]] report_page page_of_inventory(const archive::inventory& found, std::string path);

} // namespace app
