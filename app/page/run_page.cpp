#include "app/page/run_page.hpp"

#include "app/page/markup.hpp"
#include "async/utc_time.hpp"
#include "db/conninfo.hpp"

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
        days.push_back({outcome.file.which, outcome.file.which.file_name(outcome.file.compression),
                        fmt::format("{}{}",
                                    outcome.restored    ? "restored"
                                    : outcome.rows == 0 ? "unchanged"
                                    : outcome.appended  ? "appended"
                                                        : "created",
                                    facts.dry_run ? ", dry run" : ""),
                        outcome.rows, outcome.bytes, outcome.csv_bytes});
    return days;
}

bool is_restore(const summary_facts& facts) { return facts.command == "restore"; }

std::string title_of(const configuration& settings, const summary_facts& facts) {
    if (is_restore(facts))
        return fmt::format("{} restored from {}", settings.job.table, archive_path(settings));
    return fmt::format("{} to {}", settings.job.table, archive_path(settings));
}

// Zeros are left out for a run without results.
std::string number_or_none(std::uint64_t number) { return number == 0 ? std::string() : grouped(number); }

std::vector<page_fact> tiles_of(const summary_facts& facts) {
    const auto& report = facts.report;
    const bool failed = facts.exit_code != 0;
    const auto number = [failed](std::uint64_t value) {
        return failed ? number_or_none(value) : grouped(value);
    };
    return {
        {"Rows", number(report.rows)},
        {"Rows that were there", number_or_none(report.rows_recognised)},
        {"Days", number(report.days)},
        {is_restore(facts) ? "Read" : "Stored", report.bytes == 0 && failed ? "" : byte_count(report.bytes)},
        {"Compression", ratio_of(report)},
        {"Took", time_span(facts.duration)},
        {"Read at", rate_of(facts)},
        {"Files created", number_or_none(report.files_created)},
        {"Files appended to", number_or_none(report.files_appended)},
        {"Lake requests", number(facts.costs.requests)},
        {"Retries", number_or_none(facts.costs.retries)},
        {"Oldest row was overdue by", pause_text(report.backlog)},
        {"Exit code", failed ? std::to_string(facts.exit_code) : std::string()},
        {"Ended while", failed ? std::string(archive::to_string(report.phase)) : std::string()}};
}

std::vector<page_fact> settings_shown(const configuration& settings, const summary_facts& facts) {
    const auto yes = [](bool value) { return std::string(value ? "true" : "false"); };
    return {{"Command", facts.command},
            {"Database", db::describe_conninfo(settings.database)},
            {"AZURE_STORAGE_ACCOUNT", settings.account.name},
            {"ARCHIVE_PATH", archive_path(settings)},
            {"ARCHIVE_TABLE", settings.job.table},
            {"EVENT_RETENTION_PERIOD", is_restore(facts) ? std::string() : settings.job.retention.interval},
            {"ARCHIVE_WHOLE_DAYS", is_restore(facts) ? std::string() : yes(settings.job.whole_days)},
            {"ARCHIVE_PARALLEL", std::to_string(settings.job.parallel)},
            {"DRY_RUN", yes(facts.dry_run)}};
}

// The sentence of the log, with numbers as people write them.
std::string verdict_of(const summary_facts& facts) {
    auto text = sentence_of(facts);
    const auto plain = std::to_string(facts.report.rows);
    if (const auto at = text.find(" " + plain + " "); at != std::string::npos)
        text.replace(at + 1, plain.size(), grouped(facts.report.rows));
    return facts.error.empty() ? text : fmt::format("{}: {}", text, facts.error);
}

std::string subject_of(const configuration& settings, const summary_facts& facts) {
    const auto& report = facts.report;
    const auto database = db::describe_conninfo(settings.database);
    if (is_restore(facts))
        return fmt::format("from account {} to {}", settings.account.name, database);
    auto text = fmt::format("from {} to account {}", database, settings.account.name);
    if (!report.cutoff.empty())
        text += fmt::format("; rows older than {}, before {} UTC", settings.job.retention.interval,
                            report.cutoff.substr(0, 19));
    return text;
}

// Only deletes overlap a phase: those of ranges that are stored while others are read.
std::string row_of(const async::timeline::stretch& stretch) {
    if (stretch.group == "job")
        return stretch.lane == 0 ? "phases" : "deletes";
    return fmt::format("{} {}", stretch.group == "readers" ? "reader" : "uploader", stretch.lane + 1);
}

} // namespace

report_page page_of_run(const configuration& settings, const summary_facts& facts,
                        const recorded_timeline& timeline, const std::string& run_id) {
    report_page page;
    page.title = title_of(settings, facts);
    page.tone = facts.exit_code == 0 ? page_tone::good : page_tone::bad;
    page.verdict = verdict_of(facts);
    page.hint = facts.hint;
    page.facts = tiles_of(facts);
    page.settings = settings_shown(settings, facts);
    page.subject = subject_of(settings, facts);
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
    page.footer = fmt::format(
        "event-archiver {}, {}. Run {}: its lines in the log have this run_id. docs/runbook.md says what "
        "each means.",
        EVENT_ARCHIVER_VERSION, async::utc_text(async::this_second()), run_id);
    return page;
}

} // namespace app
