#include "app/observe/metrics_delivery.hpp"
#include "telemetry/exposition.hpp"

#include <gtest/gtest.h>

#include <gmock/gmock.h>

namespace app {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(metrics_of_end, knows_only_successes_that_it_was_told_of) {
    EXPECT_THAT(telemetry::exposition(metrics_of_end(5, {}, std::nullopt)),
                AllOf(HasSubstr("\nevent_archiver_exit_code 5\n"), Not(HasSubstr("last_success"))));
    const auto now = std::chrono::system_clock::time_point(std::chrono::seconds(1'795'221'595));
    const auto text = telemetry::exposition(metrics_of_end(5, now, 1'795'000'000.0));
    EXPECT_THAT(text, HasSubstr("event_archiver_last_success_timestamp_seconds 1795000000\n"));
    EXPECT_THAT(text, HasSubstr("event_archiver_last_run_timestamp_seconds 1795221595\n"));
}

TEST(metrics_of, leaves_out_what_is_not_known) {
    summary_facts facts;
    const auto text = telemetry::exposition(metrics_of(facts));
    EXPECT_THAT(text, HasSubstr("\nevent_archiver_rows 0\n"));
    for (const auto* const name : {"backlog_age", "files_pending"})
        EXPECT_THAT(text, Not(HasSubstr(name)));
}

TEST(metrics_of, has_seconds_for_each_phase_of_a_run) {
    summary_facts facts;
    facts.by_phase[static_cast<std::size_t>(archive::run_phase::staging)] = std::chrono::milliseconds(1'500);
    facts.report.backlog = std::chrono::hours(2);
    facts.report.files_pending = 3;
    const auto text = telemetry::exposition(metrics_of(facts));
    EXPECT_THAT(text, HasSubstr("event_archiver_duration_seconds{phase=\"staging\"} 1.5\n"));
    EXPECT_THAT(text, HasSubstr("event_archiver_duration_seconds{phase=\"publishing\"} 0\n"));
    EXPECT_THAT(text, Not(HasSubstr("\"done\"")));
    EXPECT_THAT(text, HasSubstr("event_archiver_backlog_age_seconds 7200\n"));
    EXPECT_THAT(text, HasSubstr("event_archiver_files_pending 3\n"));
}

} // namespace
} // namespace app
