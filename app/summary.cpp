#include "app/summary.hpp"

#include "app/exit_code.hpp"

#include <fmt/format.h>

#include <fstream>
#include <string>
#include <sys/resource.h>

namespace app {

namespace {

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// VmHWM and not getrusage's ru_maxrss: that one remembers the process which forked us.
std::uint64_t peak_memory() {
    std::ifstream status("/proc/self/status");
    std::string word;
    std::uint64_t kibibytes = 0;
    while (status >> word)
        if (word == "VmHWM:" && status >> kibibytes)
            return kibibytes * 1024;
    return 0;
}

std::string sentence(const summary_facts& facts) {
    const auto& report = facts.report;
    if (facts.exit_code >= exit_code::signal_base)
        return "stopped";
    if (facts.exit_code != exit_code::done)
        return fmt::format("failed with exit code {}", facts.exit_code);
    if (facts.inquiry)
        return "answered";
    if (report.days == 0)
        return report.files_settled > 0 ? fmt::format("settled {} files", report.files_settled)
                                        : "nothing was due";
    const auto did = facts.restored  ? (facts.dry_run ? "dry run: could restore" : "restored")
                     : facts.dry_run ? "dry run: uploaded"
                                     : "archived";
    return fmt::format("{} {} rows of {} days", did, report.rows, report.days);
}

} // namespace

void log_summary(async::log& sink, const summary_facts& facts) {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto& report = facts.report;
    const auto status = facts.exit_code == exit_code::done          ? "succeeded"
                        : facts.exit_code >= exit_code::signal_base ? "stopped"
                                                                    : "failed";
    sink.summary(
        "run.summary", sentence(facts),
        {{"status", status},
         {"exit_code", facts.exit_code},
         {"dry_run", facts.dry_run},
         {"cutoff", report.cutoff},
         {"rows", report.rows},
         {"rows_deleted", report.rows_deleted},
         {"rows_recognised", report.rows_recognised},
         {"rows_dayless", report.rows_dayless},
         {"days", report.days},
         {"bytes", report.bytes},
         {"files_created", report.files_created},
         {"files_appended", report.files_appended},
         {"files_settled", report.files_settled},
         {"attempts", report.attempts},
         {"requests", facts.costs.requests},
         {"retries", facts.costs.retries},
         {"bytes_sent", facts.costs.bytes_sent},
         {"cpu_seconds", seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime)},
         {"peak_memory_bytes", peak_memory()},
         {"duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(facts.duration).count()}});
}

} // namespace app
