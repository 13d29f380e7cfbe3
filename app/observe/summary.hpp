// The last line of a run.
#pragma once

#include "archive/report.hpp"
#include "async/log.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

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

    bool inquiry = false; // the command only looks
    std::string command = {};
    std::array<std::chrono::steady_clock::duration, archive::run_phases> by_phase = {};
    std::string error = {}; // what ended the run, if it failed
    std::string error_type = {};
    std::string hint = {}; // what to check then
};

// What this process has used so far.
struct own_costs {
    double cpu_seconds = 0;
    std::uint64_t peak_memory_bytes = 0;
};
[[nodiscard]] own_costs process_costs();

// The summary's word for an exit code: "succeeded", "stopped" by a signal, or "failed".
[[nodiscard]] std::string_view status_of(int exit_code) noexcept;

// How the run ended: "archived 30 rows of 3 days".
[[nodiscard]] std::string sentence_of(const summary_facts& facts);

// "event":"run.summary"; docs/json.md lists its fields. CPU seconds and peak memory are this process's so
// far.
void log_summary(async::log& log, const summary_facts& facts);

} // namespace app
