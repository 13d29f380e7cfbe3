#include "app/observe/progress_facts.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

using archive::run_phase;

bool reads(run_phase phase) {
    return phase == run_phase::verifying || phase == run_phase::rewriting || phase == run_phase::restoring;
}

double part(std::uint64_t done, std::uint64_t planned) {
    return std::min(1.0, static_cast<double>(done) / static_cast<double>(planned));
}

std::uint64_t rows_done(const archive::run_report& report) {
    return report.rows + report.rows_recognised + report.rows_stored;
}

// Rows that storage has, of all rows of the run. If the total is an estimate, this never reaches all of it.
std::optional<double> share_of_run(const archive::run_report& report) {
    const auto total = report.run_rows_planned > 0 ? report.run_rows_planned : report.rows_planned;
    if (total == 0)
        return std::nullopt;
    const bool known = report.days_planned > 0 || report.run_days_planned > 0;
    return std::min(part(rows_done(report), total), known ? 1.0 : 0.99);
}

std::optional<double> share_of(const archive::run_report& report) {
    const bool day_by_day = report.run_days_planned > report.days_planned; // its phases come again and again
    if (report.phase == run_phase::staging || day_by_day)
        return share_of_run(report);
    if (report.phase == run_phase::verifying && report.rows_planned > 0)
        return part(report.rows_read, report.rows_planned);
    if (report.files_planned > 0)
        return part(report.files_done, report.files_planned);
    if (report.phase == run_phase::restoring && report.days_planned > 1)
        return part(report.days_staged, report.days_planned);
    return std::nullopt;
}

} // namespace

progress_facts facts_of(const archive::run_report& report) {
    progress_facts facts;
    facts.phase = archive::to_string(report.phase);
    facts.share = share_of(report);
    facts.in_phase = report.time_in_phase();
    const bool uploads = report.phase == run_phase::staging;
    facts.moves_rows = uploads || reads(report.phase);
    facts.rows = uploads ? rows_done(report) : std::max(report.rows_read, rows_done(report));
    facts.bytes = uploads || (report.bytes_stored > 0 && !reads(report.phase)) ? report.bytes_stored
                                                                               : report.bytes_read;
    const auto days = std::max(report.run_days_planned, report.days_planned);
    const auto days_before = report.run_days_planned > 0 ? report.days : 0;
    if (report.files_planned > 0 && report.run_days_planned <= report.days_planned)
        facts.counts = fmt::format("files {}/{}", report.files_done, report.files_planned);
    else if (days > 0)
        facts.counts = fmt::format("days {}/{}", days_before + report.days_staged, days);
    return facts;
}

} // namespace app
