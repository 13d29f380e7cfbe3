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
using testing::Not;
using seconds = std::chrono::duration<double>;

constexpr std::array phases{run_phase::connecting, run_phase::settling,  run_phase::planning,
                            run_phase::staging,    run_phase::deleting,  run_phase::publishing,
                            run_phase::committing, run_phase::finishing, run_phase::done};

archive::run_report half_done() {
    archive::run_report report;
    report.phase = run_phase::staging;
    report.rows_planned = 2'400'000;
    report.rows_read = 1'200'000;
    report.bytes_read = 630'000'000;
    report.days_planned = 40;
    report.days_staged = 12;
    return report;
}

TEST(progress_bar, shows_phase_share_rows_rate_days_and_time_left) {
    EXPECT_EQ(progress_bar(half_done(), 14s, 100), "staging    [#################------------------]  50%  "
                                                   "1.2M rows  45.0 MB/s  days 12/40  0:14 left");
}

TEST(progress_bar, fits_any_width) {
    constexpr auto most = std::numeric_limits<std::uint64_t>::max();
    auto huge = half_done();
    huge.rows_planned = huge.rows_read = huge.bytes_read = huge.days_planned = huge.days_staged = most;
    auto slow = half_done();
    slow.rows_read = 24'001;
    for (const auto& report : {half_done(), huge, slow, archive::run_report()})
        for (const auto elapsed : {seconds(0), seconds(14), seconds(1e7)})
            for (std::size_t width = 0; width <= 300; ++width) {
                const auto line = progress_bar(report, elapsed, width);
                // One column is left free, so that the terminal does not wrap.
                ASSERT_LE(line.size(), width > 0 ? width - 1 : 0) << line;
                ASSERT_EQ(line.find_first_of("\r\n\t\x1b"), std::string::npos);
            }
}

TEST(progress_bar, never_shows_all_of_it_before_the_end) {
    auto report = half_done();
    for (const auto phase : phases)
        for (const std::uint64_t rows : {2'399'999U, 2'400'000U, 9'999'999U}) {
            report.phase = phase;
            report.rows_read = rows;
            const auto line = progress_bar(report, 14s, 300);
            EXPECT_THAT(line, Not(HasSubstr("100%")));
            EXPECT_EQ(line.find('[') == std::string::npos, phase != run_phase::staging) << line;
            EXPECT_TRUE(line.starts_with(archive::to_string(phase))) << line;
        }
    report.phase = run_phase::staging;
    EXPECT_THAT(progress_bar(report, 14s, 300), HasSubstr(" 99% "));
}

TEST(progress_bar, shows_no_share_while_the_total_is_not_known) {
    auto report = half_done();
    report.rows_planned = 0;
    report.days_planned = 0;
    EXPECT_EQ(progress_bar(report, 14s, 100), "staging    1.2M rows  45.0 MB/s");
}

TEST(progress_bar, says_of_a_phase_that_reads_nothing_only_what_it_knows) {
    archive::run_report report;
    EXPECT_EQ(progress_bar(report, 14s, 100), "connecting");
    report = half_done();
    report.phase = run_phase::deleting;
    EXPECT_EQ(progress_bar(report, 14s, 100), "deleting   1.2M rows  days 12/40");
}

TEST(progress_bar, counts_files_where_a_phase_goes_from_file_to_file) {
    auto report = half_done();
    report.phase = run_phase::publishing;
    report.files_planned = 40;
    report.files_done = 10;
    EXPECT_EQ(progress_bar(report, 10s, 80),
              "publishing [######-------------------]  25%  1.2M rows  files 10/40  0:30 left");
}

TEST(progress_bar, has_hours_where_there_are_some) {
    auto report = half_done();
    EXPECT_THAT(progress_bar(report, 7'265s, 200), HasSubstr("  2:01:05 left"));
}

TEST(progress_bar, guesses_no_time_left_from_the_first_few_rows) {
    auto report = half_done();
    report.rows_read = 24'000;
    EXPECT_THAT(progress_bar(report, 1s, 200), Not(HasSubstr("left")));
    report.rows_read = 24'001;
    EXPECT_THAT(progress_bar(report, 1s, 200), HasSubstr("1:38 left"));
}

TEST(progress_bar, scales_its_numbers) {
    const std::pair<std::uint64_t, std::string_view> cases[] = {
        {0, " 0 rows"},
        {999, " 999 rows"},
        {1'000, " 1.0k rows"},
        {1'234'567, " 1.2M rows"},
        {5'000'000'000, " 5.0G rows"},
        {7'500'000'000'000, " 7.5T rows"},
    };
    for (const auto& [rows, text] : cases) {
        archive::run_report report;
        report.phase = run_phase::staging;
        report.rows_read = rows;
        EXPECT_THAT(progress_bar(report, 1s, 100), HasSubstr(text));
    }
}

TEST(log_progress, has_the_same_facts_as_fields) {
    test_support::kept_log sink;
    log_progress(sink, half_done(), 10s);
    EXPECT_THAT(sink.lines,
                testing::ElementsAre(
                    "progress: still at work phase=staging rows=1200000 rows_planned=2400000 bytes=630000000"
                    " rows_per_second=120000 bytes_per_second=63000000 days=12 days_planned=40"
                    " files=0 files_planned=0"));
}

TEST(progress_display, logs_a_line_on_request_and_leaves_nothing_on_the_loop_once_stopped) {
    boost::asio::io_context io;
    test_support::kept_log sink;
    std::string terminal;
    const auto report = half_done();
    for (const auto style : {progress_display::style::bar, progress_display::style::lines}) {
        progress_display display(io.get_executor(), style, report, sink,
                                 [&terminal](std::string_view text) { terminal += text; });
        display.start();
        display.show_now();
        display.stop();
        io.restart();
        io.run();
    }
    EXPECT_EQ(sink.lines.size(), 2U);
    EXPECT_EQ(terminal, "") << "no bar was drawn, so nothing is erased";
}

} // namespace
} // namespace app
