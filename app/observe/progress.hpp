// The progress of a run: a bar on a terminal, a log line from time to time elsewhere.
#pragma once

#include "app/observe/line_log.hpp"
#include "app/observe/progress_facts.hpp"
#include "app/observe/progress_meter.hpp"
#include "app/observe/run_log.hpp"
#include "app/observe/screen_line.hpp"
#include "archive/report.hpp"
#include "async/log.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace app {

// The result of the meter.
struct progress_pace {
    std::optional<double> speed = {}; // bytes a second, or events
    std::optional<std::chrono::seconds> left = {};
};

// One line of less than `width` columns: "staging  [###---]  51%  630.0 MB  45.0 MB/s  days 12/40  0:14
// left"; seconds in place of what cannot be counted.
[[nodiscard]] std::string progress_bar(const progress_facts& facts, const progress_pace& pace,
                                       std::size_t width);

// A log line "progress" with rows, bytes, rates, days, files, and percent and seconds_left where they are
// known.
void log_progress(async::log& log, const archive::run_report& report, const progress_pace& pace);

// Adds events, events_per_second, percent and seconds_left, as far as they are known.
void add_pace(std::vector<async::log_field>& fields, const progress_facts& facts, const progress_pace& pace);

// Shows progress at intervals until stopped, while there is something to do.
class progress_display : public screen_line {
  public:
    enum class style : unsigned char {
        bar,
        lines,
        on_request, // only what `show_now` asks for
    };
    struct source {
        std::function<progress_facts()> facts;
        std::function<void(const progress_pace&)> log; // one line "progress"
    };

    progress_display(const boost::asio::any_io_executor& executor, style how, source shown,
                     line_writer terminal);

    void start();
    void stop();
    // Erases the bar, so that something else can be printed.
    void clear() override;
    // Prints a line at once, whatever the style: SIGUSR1.
    void show_now();

  private:
    void tick();
    progress_facts measure();
    [[nodiscard]] progress_pace pace() const { return {meter_.speed(), meter_.left()}; }

    boost::asio::steady_timer timer_;
    style style_;
    source source_;
    line_writer terminal_;
    progress_meter meter_;
    std::chrono::steady_clock::time_point next_line_;
    bool shown_ = false;
    bool stopped_ = false;
};

// A bar on a terminal, lines elsewhere; nothing by itself if the log has no lines of level info.
[[nodiscard]] progress_display::style usual_style(const run_log& out, async::log_level level);

} // namespace app
