// The page of one run: --report of `archive`, `restore` and `recover`.
// Tested by tests/integration/test_report.py.
#pragma once

#include "app/observe/recorded_timeline.hpp"
#include "app/observe/summary.hpp"
#include "app/page/report_page.hpp"
#include "app/settings/configuration.hpp"

#include <string>

namespace app {

// `run_id`: as in the log.
[[nodiscard]] report_page page_of_run(const configuration& settings, const summary_facts& facts,
                                      const recorded_timeline& timeline, const std::string& run_id);

} // namespace app
