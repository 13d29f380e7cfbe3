#include "app/observe/export_summary.hpp"

#include "app/text/units.hpp"
#include "db/side_effects.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace app {

namespace {

std::uint64_t tasks_that(exports::outcome ended, const export_summary& facts) {
    return static_cast<std::uint64_t>(
        std::ranges::count(facts.reports, ended, &exports::task_report::outcome));
}

std::uint64_t rows_of(const export_summary& facts) {
    std::uint64_t rows = 0;
    for (const auto& report : facts.reports)
        rows += report.rows;
    return rows;
}

} // namespace

std::string sentence_of(const export_summary& facts) {
    if (facts.exit_code >= exit_code::signal_base)
        return "stopped";
    if (!facts.failed.message.empty())
        return facts.failed.message;
    if (facts.command == "recover")
        return "recovered " + counted(facts.files_settled, "file");
    if (facts.command == "check")
        return "checked what exports need";
    const auto failed = tasks_that(exports::outcome::failed, facts);
    auto text = fmt::format("{}: {}{}", counted(facts.reports.size(), "task"),
                            facts.dry_run ? "could export " : "exported ", counted(rows_of(facts), "row"));
    return failed == 0 ? text : fmt::format("{}; {} failed", text, counted(failed, "task"));
}

void log_summary(async::log& log, const export_summary& facts) {
    std::uint64_t bytes = 0;
    std::uint64_t attempts = 0;
    std::string side_effects;
    for (const auto& report : facts.reports) {
        for (const auto& each : report.went_along)
            side_effects += (side_effects.empty() ? "" : "; ") + db::in_words(each);
        bytes += report.bytes;
        attempts += report.attempts;
    }
    const auto cost = process_costs();
    std::vector<async::log_field> fields{
        {"status", status_of(facts.exit_code)},
        {"exit_code", facts.exit_code},
        {"command", facts.command},
        {"dry_run", facts.dry_run},
        {"tasks", facts.reports.size()},
        {"tasks_failed", tasks_that(exports::outcome::failed, facts)},
        {"tasks_empty", tasks_that(exports::outcome::empty, facts)},
        {"rows", rows_of(facts)},
        {"bytes", bytes},
        {"files_created", tasks_that(exports::outcome::exported, facts)},
        {"files_settled", facts.files_settled},
        {"attempts", attempts},
        {"requests", facts.costs.requests},
        {"retries", facts.costs.retries},
        {"bytes_sent", facts.costs.bytes_sent},
        {"cpu_seconds", cost.cpu_seconds},
        {"peak_memory_bytes", cost.peak_memory_bytes},
        {"duration_ms", std::chrono::duration_cast<std::chrono::milliseconds>(facts.duration).count()}};
    if (!side_effects.empty())
        fields.emplace_back("side_effects", side_effects);
    if (!facts.failed.type.empty())
        fields.emplace_back("error.type", facts.failed.type);
    log.summary("run.summary", sentence_of(facts), fields);
}

} // namespace app
