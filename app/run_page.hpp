// `archive --report`: the page of one run.
#pragma once

#include "app/configuration.hpp"
#include "app/recorded_timeline.hpp"
#include "app/report_page.hpp"
#include "app/summary.hpp"

namespace app {

[[nodiscard]] report_page page_of_run(const configuration& settings, const summary_facts& facts,
                                      const recorded_timeline& timeline);

} // namespace app
