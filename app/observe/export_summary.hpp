// The last line of `export` and of `recover --exports`.
#pragma once

#include "app/cli/exit_code.hpp"
#include "app/observe/run_log.hpp"
#include "app/observe/summary.hpp"
#include "async/log.hpp"
#include "exports/report.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace app {

struct export_summary {
    std::string command;
    int exit_code = exit_code::internal;
    bool dry_run = false;
    std::vector<exports::task_report> reports = {};
    std::uint64_t files_settled = 0;
    run_costs costs = {};
    std::chrono::steady_clock::duration duration{};
    failure_facts failed = {};
};

// How the run ended: "2 tasks: exported 30 rows".
[[nodiscard]] std::string sentence_of(const export_summary& facts);

// "event":"run.summary"; docs/json.md lists its fields. CPU seconds and peak memory are this process's so
// far.
void log_summary(async::log& log, const export_summary& facts);

} // namespace app
