// `archive --report`: the page of one run.
// Tested by tests/integration/test_report.py.
#pragma once

#include "app/observe/recorded_timeline.hpp"
#include "app/observe/summary.hpp"
#include "app/page/report_page.hpp"
#include "app/settings/configuration.hpp"

namespace app {

[[nodiscard]] report_page page_of_run(const configuration& settings, const summary_facts& facts,
                                      const recorded_timeline& timeline);

} // namespace app
