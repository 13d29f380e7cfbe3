#include "app/observe/line_log.hpp"
#include "app/observe/summary.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace app {
namespace {

boost::json::object summary_of(const summary_facts& facts) {
    std::string lines;
    json_log log("run", [&lines](std::string_view line) { lines += line; });
    log.set_threshold(async::log_level::error); // the summary is written all the same
    log_summary(log, facts);
    return boost::json::parse(lines).as_object();
}

TEST(summary, says_in_a_sentence_how_the_run_ended) {
    archive::run_report nothing;
    archive::run_report settled;
    settled.files_settled = 2;
    archive::run_report archived;
    archived.rows = 30;
    archived.days = 3;
    const struct {
        archive::run_report report;
        int exit_code;
        bool dry_run;
        std::string_view message;
        std::string_view status;
    } cases[] = {
        {nothing, 0, false, "nothing was due", "succeeded"},
        {settled, 0, false, "recovered 2 files", "succeeded"},
        {archived, 0, false, "archived 30 rows of 3 days", "succeeded"},
        {archived, 0, true, "dry run: uploaded 30 rows of 3 days", "succeeded"},
        {archived, 5, false, "failed with exit code 5", "failed"},
        {archived, 143, false, "stopped", "stopped"},
        {nothing, 130, false, "stopped", "stopped"},
    };
    for (const auto& row : cases) {
        const auto line = summary_of({row.report, {}, row.exit_code, row.dry_run, {}});
        EXPECT_EQ(line.at("msg").as_string(), row.message);
        EXPECT_EQ(line.at("status").as_string(), row.status);
        EXPECT_EQ(line.at("exit_code").as_int64(), row.exit_code);
        EXPECT_EQ(line.at("event").as_string(), "run.summary");
        EXPECT_EQ(line.at("level").as_string(), "info");
    }
}

TEST(summary, says_of_recover_that_there_was_nothing_to_recover) {
    summary_facts facts;
    facts.command = "recover";
    EXPECT_EQ(sentence_of(facts), "nothing to recover");
    facts.report.files_settled = 1;
    EXPECT_EQ(sentence_of(facts), "recovered 1 file");
}

TEST(summary, has_what_the_run_did_and_what_it_cost) {
    archive::run_report report;
    report.rows = 30;
    report.days = 3;
    report.bytes = 4'000;
    const auto line = summary_of({report, {7, 5'000, 1}, 0, false, std::chrono::milliseconds(1'500)});

    const std::pair<const char*, std::int64_t> numbers[] = {
        {"rows", 30},   {"days", 3},           {"bytes", 4'000},      {"requests", 7},
        {"retries", 1}, {"bytes_sent", 5'000}, {"duration_ms", 1'500}};
    for (const auto& [name, number] : numbers)
        EXPECT_EQ(line.at(name).to_number<std::int64_t>(), number) << name;
    EXPECT_GT(line.at("cpu_seconds").to_number<double>(), 0.0);
    EXPECT_GT(line.at("peak_memory_bytes").to_number<std::int64_t>(), 1'000'000);
}

} // namespace
} // namespace app
