// How runs of a task ended.
#pragma once

#include "exports/report.hpp"

#include <chrono>

namespace app::rig {

inline exports::task_report report_of(exports::outcome how) {
    using namespace std::chrono_literals;
    exports::task_report report;
    report.task = "agency";
    report.outcome = how;
    report.rows = 3;
    report.began = std::chrono::sys_days(std::chrono::January / 2 / 2025) + 3h + 4ms;
    if (report.failed()) {
        report.error = "the disk is \"full\"";
        report.kind = async::failure::temporary;
    }
    return report;
}

} // namespace app::rig
