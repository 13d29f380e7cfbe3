#include "app/observe/progress.hpp"
#include "tests/support/kept_log.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <array>
#include <gmock/gmock.h>
#include <limits>

namespace app {
namespace {

using namespace std::chrono_literals;
using archive::run_phase;
using testing::HasSubstr;
using seconds = std::chrono::duration<double>;

constexpr std::array phases{run_phase::connecting, run_phase::settling,  run_phase::planning,
                            run_phase::staging,    run_phase::deleting,  run_phase::publishing,
                            run_phase::committing, run_phase::finishing, run_phase::verifying,
                            run_phase::rewriting,  run_phase::done};

archive::run_report half_done() {
    archive::run_report report;
    report.phase = run_phase::staging;
    report.rows_planned = report.run_rows_planned = 2'400'000;
    report.rows_read = 1'300'000;
    report.rows_stored = 1'200'000;
    report.bytes_read = 650'000'000;
    report.bytes_stored = 630'000'000;
    report.days_planned = report.run_days_planned = 40;
    report.days_staged = 12;
    return report;
}

constexpr progress_pace pace{45'000'000.0, 14s};

std::string bar_of(const archive::run_report& report, std::size_t width, const progress_pace& with = pace) {
    auto facts = facts_of(report);
    facts.in_phase = seconds(0);
    return progress_bar(facts, with, width);
}

TEST(progress_bar, shows_phase_share_uploaded_bytes_speed_days_and_time_left) {
    EXPECT_EQ(bar_of(half_done(), 110), "staging    [#################------------------]  50%  "
                                        "1.2M rows  630.0 MB  45.0 MB/s  days 12/40  0:14 left");
}

TEST(progress_bar, has_a_bar_rather_than_the_rows_on_a_narrow_terminal) {
    EXPECT_EQ(bar_of(half_done(), 80),
              "staging    [########--------]  50%  630.0 MB  45.0 MB/s  days 12/40  0:14 left");
}

TEST(progress_bar, fits_any_width) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    auto huge = half_done();
    huge.rows_planned = huge.rows_stored = huge.bytes_stored = huge.days_planned = huge.days_staged = most;
    auto slow = half_done();
    slow.rows_stored = 24'001;
    for (const auto& report : {half_done(), huge, slow, archive::run_report()})
        for (const auto& with : {pace, progress_pace(), progress_pace{1e30, 360'000'000s}})
            for (std::size_t width = 0; width <= 300; ++width) {
                const auto line = bar_of(report, width, with);
                // One column is left free, so that the terminal does not wrap.
                ASSERT_LE(line.size(), width > 0 ? width - 1 : 0) << line;
                ASSERT_EQ(line.find_first_of("\r\n\t\x1b"), std::string::npos);
            }
}

TEST(progress_bar, shows_all_of_it_only_when_storage_has_every_row) {
    auto report = half_done();
    report.rows_read = 2'400'000;
    report.rows_stored = 2'399'999;
    EXPECT_THAT(bar_of(report, 300), HasSubstr("  99%"));
    report.rows_stored = 2'400'000;
    EXPECT_THAT(bar_of(report, 300), HasSubstr(" 100%"));
    report.days_planned = report.run_days_planned = 0; // the number of rows was an estimate
    report.run_rows_planned = 0;
    EXPECT_THAT(bar_of(report, 300), HasSubstr("  99%"));
}

TEST(progress_bar, shows_the_whole_run_where_each_day_has_a_transaction) {
    auto report = half_done();
    report.rows = 600'000; // committed
    report.days = 10;
    report.rows_planned = 60'000;
    report.rows_stored = report.rows_read = 0;
    report.days_planned = 1;
    report.days_staged = 0;
    for (const auto phase : phases) {
        report.phase = phase;
        const auto line = bar_of(report, 300);
        EXPECT_THAT(line, HasSubstr("]  25%")) << line;
        EXPECT_THAT(line, HasSubstr("days 10/40")) << line;
    }
    report.phase = run_phase::publishing;
    report.files_planned = 1;
    EXPECT_THAT(bar_of(report, 300), HasSubstr("days 10/40"));
}

TEST(progress_bar, shows_no_share_while_the_total_is_not_known) {
    auto report = half_done();
    report.rows_planned = report.run_rows_planned = 0;
    report.days_planned = report.run_days_planned = 0;
    EXPECT_EQ(bar_of(report, 100, {45'000'000.0, {}}), "staging    1.2M rows  630.0 MB  45.0 MB/s");
}

TEST(progress_bar, shows_seconds_where_there_is_nothing_to_count) {
    progress_facts facts;
    facts.phase = "connecting";
    EXPECT_EQ(progress_bar(facts, {}, 100), "connecting");
    facts.in_phase = seconds(3.7);
    EXPECT_EQ(progress_bar(facts, {}, 100), "connecting 3 s");
    facts = facts_of(half_done());
    facts.phase = "deleting";
    facts.share = {};
    facts.moves_rows = false;
    facts.in_phase = seconds(200);
    EXPECT_EQ(progress_bar(facts, {}, 100), "deleting   1.2M rows  days 12/40  3 min");
}

TEST(progress_bar, counts_files_where_a_phase_goes_from_file_to_file) {
    auto report = half_done();
    report.phase = run_phase::publishing;
    report.files_planned = 40;
    report.files_done = 10;
    EXPECT_EQ(bar_of(report, 80, {{}, 30s}),
              "publishing [######-------------------]  25%  1.3M rows  files 10/40  0:30 left");
}

TEST(progress_bar, has_hours_where_there_are_some) {
    EXPECT_THAT(bar_of(half_done(), 200, {1.0, 7'265s}), HasSubstr("  2:01:05 left"));
}

progress_facts at(double share, std::uint64_t bytes) {
    progress_facts facts;
    facts.share = share;
    facts.bytes = bytes;
    return facts;
}

TEST(progress_meter, measures_the_last_seconds_and_not_the_mean) {
    progress_meter meter;
    const progress_meter::clock::time_point begun{};
    EXPECT_FALSE(meter.speed());
    for (int second = 0; second <= 100; ++second)
        meter.note(at(second * 0.002, static_cast<std::uint64_t>(second) * 1'000'000), begun + second * 1s);
    for (int second = 101; second <= 130; ++second)
        meter.note(at(0.2, 100'000'000), begun + second * 1s);
    EXPECT_EQ(meter.speed(), 0.0);
    EXPECT_GT(meter.left(), 400s) << "at half the pace";
    EXPECT_LT(meter.left(), 900s);
}

TEST(progress_meter, guesses_the_time_left_from_what_was_done) {
    progress_meter meter;
    const progress_meter::clock::time_point begun{};
    for (int tick = 0; tick <= 50; ++tick)
        meter.note(at(tick * 0.01, static_cast<std::uint64_t>(tick) * 1'000), begun + tick * 200ms);
    EXPECT_EQ(meter.left(), 10s);
    EXPECT_NEAR(meter.speed().value_or(0), 5'000, 1);
}

TEST(progress_meter, begins_again_when_something_else_is_counted) {
    progress_meter meter;
    const progress_meter::clock::time_point begun{};
    meter.note(at(0.1, 1'000), begun);
    meter.note(at(0.9, 9'000), begun + 10s);
    EXPECT_TRUE(meter.left());
    meter.note(at(0, 0), begun + 11s);
    EXPECT_FALSE(meter.left());
    EXPECT_FALSE(meter.speed());
    meter.note(at(1, 10), begun + 20s);
    EXPECT_FALSE(meter.left()) << "nothing is left";
}

TEST(log_progress, has_the_same_facts_as_fields) {
    test_support::kept_log sink;
    auto report = half_done();
    log_progress(sink, report, pace);
    ASSERT_EQ(sink.lines.size(), 1U);
    EXPECT_THAT(
        sink.lines[0],
        testing::StartsWith("progress: a run is at work phase=staging rows=1300000 rows_planned=2400000"
                            " bytes=650000000 rows_per_second="));
    EXPECT_THAT(sink.lines[0], testing::EndsWith(" days=12 days_planned=40 files=0 files_planned=0"
                                                 " bytes_stored=630000000 percent=50 seconds_left=14"));
}

TEST(progress_display, logs_a_line_on_request_and_leaves_nothing_on_the_loop_once_stopped) {
    boost::asio::io_context io;
    test_support::kept_log sink;
    std::string terminal;
    const auto report = half_done();
    using style = progress_display::style;
    for (const auto how : {style::bar, style::lines, style::on_request}) {
        progress_display display(io.get_executor(), how,
                                 {[&report] { return facts_of(report); },
                                  [&](const progress_pace& found) { log_progress(sink, report, found); }},
                                 [&terminal](std::string_view text) { terminal += text; });
        display.start();
        display.show_now();
        display.stop();
        io.restart();
        io.run();
    }
    EXPECT_EQ(sink.lines.size(), 3U);
    EXPECT_EQ(terminal, "") << "no bar was drawn, so nothing is erased";
}

} // namespace
} // namespace app
