#include "app/page/run_page.hpp"

#include "app/observe/line_log.hpp"
#include "app/page/markup.hpp"
#include "db/connection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace app {

namespace {

std::string ratio_of(const archive::run_report& report) {
    std::uint64_t stored = 0;
    std::uint64_t plain = 0;
    for (const auto& outcome : report.outcomes) {
        stored += outcome.bytes;
        plain += outcome.csv_bytes;
    }
    if (stored == 0 || stored == plain)
        return {};
    return fmt::format("{:.1f} : 1", static_cast<double>(plain) / static_cast<double>(stored));
}

std::string rate_of(const summary_facts& facts) {
    const auto staging = facts.by_phase[static_cast<std::size_t>(archive::run_phase::staging)];
    const auto seconds = std::chrono::duration<double>(staging).count();
    if (facts.report.bytes_read == 0 || seconds <= 0)
        return {};
    return byte_count(static_cast<std::uint64_t>(static_cast<double>(facts.report.bytes_read) / seconds)) +
           "/s";
}

std::string pause_text(const std::optional<std::chrono::seconds>& span) {
    if (!span)
        return {};
    const auto days = std::chrono::duration_cast<std::chrono::days>(*span);
    return days.count() > 0
               ? fmt::format("{} d {} h", days.count(),
                             std::chrono::duration_cast<std::chrono::hours>(*span - days).count())
               : time_span(*span);
}

std::vector<page_day> days_of(const summary_facts& facts) {
    std::vector<page_day> days;
    for (const auto& outcome : facts.report.outcomes)
        days.push_back(
            {outcome.file.which, outcome.file.which.file_name(outcome.file.compression),
             fmt::format("{}{}", outcome.appended ? "appended" : "created", facts.dry_run ? ", dry run" : ""),
             outcome.rows, outcome.bytes, outcome.csv_bytes});
    return days;
}

std::string subject_of(const configuration& settings, const archive::run_report& report) {
    auto text =
        fmt::format("from {} to account {}", db::describe_conninfo(settings.database), settings.account.name);
    if (!report.cutoff.empty())
        text += fmt::format("; rows older than {}, before {} UTC", settings.job.retention.interval,
                            report.cutoff.substr(0, 19));
    return text;
}

std::string row_of(const async::timeline::stretch& stretch) {
    if (stretch.group == "job")
        return "phases";
    return fmt::format("{} {}", stretch.group == "readers" ? "reader" : "uploader", stretch.lane + 1);
}

} // namespace

report_page page_of_run(const configuration& settings, const summary_facts& facts,
                        const recorded_timeline& timeline) {
    const auto& report = facts.report;
    report_page page;
    page.title = fmt::format("{} to {}", settings.job.table,
                             settings.job.folder.empty() ? settings.container
                                                         : settings.container + "/" + settings.job.folder);
    page.good = facts.exit_code == 0;
    page.verdict =
        facts.error.empty() ? sentence_of(facts) : fmt::format("{}: {}", sentence_of(facts), facts.error);
    page.facts = {{"Rows", grouped(report.rows)},
                  {"Days", grouped(report.days)},
                  {"Stored", byte_count(report.bytes)},
                  {"Compression", ratio_of(report)},
                  {"Took", time_span(facts.duration)},
                  {"Read at", rate_of(facts)},
                  {"Files created", grouped(report.files_created)},
                  {"Files appended to", grouped(report.files_appended)},
                  {"Lake requests", grouped(facts.costs.requests)},
                  {"Retries", grouped(facts.costs.retries)},
                  {"Backlog", pause_text(report.backlog)}};
    page.subject = subject_of(settings, report);
    page.days = days_of(facts);
    const auto seconds = [&timeline](auto at) {
        return std::chrono::duration<double>(at - timeline.started()).count();
    };
    auto kept = timeline.kept();
    std::ranges::stable_sort(kept, {}, [](const auto& stretch) {
        return std::pair(stretch.group, stretch.lane); // "job" comes first, by the alphabet
    });
    for (const auto& stretch : kept)
        page.timeline.push_back(
            {row_of(stretch), stretch.name, seconds(stretch.begin), seconds(stretch.end)});
    page.stretches_left_out = timeline.left_out();
    page.footer = fmt::format("event-archiver {}, {}", EVENT_ARCHIVER_VERSION, timestamp());
    return page;
}

} // namespace app
