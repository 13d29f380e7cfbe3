// How far the run is: a bar on a terminal, a log line now and then elsewhere.
#pragma once

#include "app/observe/line_log.hpp"
#include "app/observe/screen_line.hpp"
#include "archive/report.hpp"
#include "async/log.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <memory>
#include <string>

namespace app {

// One line of less than `width` columns: "staging  [###---]  51%  1.2M rows  45 MB/s  days 12/40  0:14 left".
// `elapsed`: in the phase at hand.
[[nodiscard]] std::string progress_bar(const archive::run_report& report,
                                       std::chrono::duration<double> elapsed, std::size_t width);

// A log line with rows, bytes, rates, days and files.
void log_progress(async::log& log, const archive::run_report& report, std::chrono::duration<double> elapsed);

// Shows progress at intervals until stopped.
class progress_display : public screen_line {
  public:
    enum class style : unsigned char { bar, lines };

    progress_display(const boost::asio::any_io_executor& executor, style how,
                     const archive::run_report& report, async::log& log, line_writer terminal);

    void start();
    void stop();
    // Erases the bar, so that something else can be printed.
    void clear() override;
    // A line at once, whatever the style: SIGUSR1.
    void show_now();

  private:
    void tick();

    boost::asio::steady_timer timer_;
    style style_;
    const archive::run_report& report_;
    async::log& log_;
    line_writer terminal_;
    bool shown_ = false;
    bool stopped_ = false;
};

} // namespace app
