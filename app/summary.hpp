// The last line of a run.
#pragma once

#include "archive/report.hpp"
#include "async/log.hpp"

#include <chrono>
#include <cstdint>

namespace app {

struct run_costs {
    std::uint64_t requests = 0;
    std::uint64_t bytes_sent = 0;
    std::uint64_t retries = 0;
};

struct summary_facts {
    archive::run_report report;
    run_costs costs;
    int exit_code = 0;
    bool dry_run = false;
    std::chrono::steady_clock::duration duration{};
    bool restored = false; // not archived
    bool inquiry = false;  // it was to look, not to archive
};

// "event":"run.summary". CPU seconds and peak memory are this process's so far.
void log_summary(async::log& sink, const summary_facts& facts);

} // namespace app
