#include "app/observe/summary.hpp"

#include "app/cli/exit_code.hpp"
#include "db/side_effects.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <fstream>
#include <string>
#include <string_view>
#include <sys/resource.h>
#include <vector>

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

std::string plain_count(std::uint64_t number, std::string_view unit) {
    return fmt::format("{} {}{}", number, unit, number == 1 ? "" : "s");
}

std::int64_t milliseconds(std::chrono::steady_clock::duration span) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(span).count();
}

} // namespace

own_costs process_costs() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    const auto seconds = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    return {std::round(1e3 * seconds) / 1e3, peak_memory()};
}

std::string_view status_of(int exit_code) noexcept {
    if (exit_code == exit_code::done)
        return "succeeded";
    return exit_code >= exit_code::signal_base ? "stopped" : "failed";
}

std::string sentence_of(const summary_facts& facts) {
    const auto& report = facts.report;
    if (facts.exit_code >= exit_code::signal_base)
        return "stopped";
    if (!facts.report.files_lost.empty())
        return fmt::format("failed: {} gone or replaced, the first is '{}'",
                           plain_count(facts.report.files_lost.size(), "file"),
                           facts.report.files_lost.front());
    if (facts.exit_code != exit_code::done)
        return fmt::format("failed with exit code {}", facts.exit_code);
    if (facts.inquiry)
        return "answered";
    if (facts.command == "erase")
        return fmt::format("{} {} of {}, and {} of the table",
                           facts.dry_run ? "dry run: could erase" : "erased", plain_count(report.rows, "row"),
                           plain_count(report.days, "file"), plain_count(report.rows_deleted, "row"));
    if (report.days == 0)
        return report.files_settled > 0     ? "recovered " + plain_count(report.files_settled, "file")
               : facts.command == "recover" ? "nothing to recover"
                                            : "nothing was due";
    const auto did = facts.command == "restore" ? (facts.dry_run ? "dry run: could restore" : "restored")
                     : facts.dry_run            ? "dry run: uploaded"
                                                : "archived";
    return fmt::format("{} {} of {}", did, plain_count(report.rows, "row"), plain_count(report.days, "day"));
}

void log_summary(async::log& log, const summary_facts& facts) {
    const auto cost = process_costs();
    const auto& report = facts.report;
    std::vector<async::log_field> fields{{"status", status_of(facts.exit_code)},
                                         {"exit_code", facts.exit_code},
                                         {"command", facts.command},
                                         {"dry_run", facts.dry_run},
                                         {"phase", archive::to_string(report.phase)},
                                         {"cutoff", report.cutoff},
                                         {"rows", report.rows},
                                         {"rows_deleted", facts.dry_run ? 0 : report.rows_deleted},
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
                                         {"cpu_seconds", cost.cpu_seconds},
                                         {"peak_memory_bytes", cost.peak_memory_bytes},
                                         {"duration_ms", milliseconds(facts.duration)}};
    // "deleted 5 rows of public.document; updated 1 row of public.note"
    std::vector<std::string> along;
    for (const auto& each : report.went_along)
        along.push_back(db::in_words(each));
    const auto went_along = fmt::format("{}", fmt::join(along, "; "));
    if (!went_along.empty())
        fields.emplace_back("side_effects", went_along);
    if (report.files_pending)
        fields.emplace_back("files_pending", *report.files_pending);
    if (!report.files_lost.empty())
        fields.emplace_back("files_lost", report.files_lost.size());
    if (report.backlog)
        fields.emplace_back("backlog_seconds", std::int64_t{report.backlog->count()});
    if (!facts.error_type.empty())
        fields.emplace_back("error.type", facts.error_type);
    std::vector<std::string> names;
    names.reserve(archive::run_phases); // the fields refer to them
    for (std::size_t phase = 0; phase < archive::run_phases; ++phase)
        if (const auto spent = milliseconds(facts.by_phase[phase]); spent > 0) {
            names.push_back(
                fmt::format("phase_ms.{}", archive::to_string(static_cast<archive::run_phase>(phase))));
            fields.emplace_back(names.back(), spent);
        }
    if (const auto beside = milliseconds(report.deleting_beside); beside > 0)
        fields.emplace_back("deleting_beside_ms", beside);
    log.summary("run.summary", sentence_of(facts), fields);
}

} // namespace app
