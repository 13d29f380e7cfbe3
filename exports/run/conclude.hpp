// The end of a task's run, in its report and in the log.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/log.hpp"
#include "exports/report.hpp"

#include <exception>

namespace exports {

// Logs what the report says. `failed`: what the run threw, which goes into the report; null if it ended well.
void conclude(task_report& report, const std::exception_ptr& failed, async::log& log);

} // namespace exports
