#include "app/progress.hpp"

#include "app/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utility>

namespace app {

namespace {

using seconds = std::chrono::duration<double>;

constexpr auto bar_interval = std::chrono::milliseconds(200);
constexpr auto line_interval = std::chrono::seconds(30);

// Nothing where the total is not known. Never all of it before the end.
std::optional<double> fraction(const archive::run_report& report) {
    const bool reads =
        report.phase == archive::run_phase::staging || report.phase == archive::run_phase::verifying;
    if (!reads || report.rows_planned == 0)
        return std::nullopt;
    return std::min(0.99, static_cast<double>(report.rows_read) / static_cast<double>(report.rows_planned));
}

std::size_t terminal_width() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

} // namespace

std::string progress_bar(const archive::run_report& report, seconds elapsed, std::size_t width) {
    const auto rate = static_cast<double>(report.bytes_read) / std::max(elapsed.count(), 0.001);
    std::string tail = fmt::format("{} rows  {}/s", short_count(report.rows_read), short_bytes(rate));
    if (report.days_planned > 0)
        tail += fmt::format("  days {}/{}", report.days_staged, report.days_planned);
    const auto done = fraction(report);
    std::string line = fmt::format("{:<10}", archive::to_string(report.phase));
    if (done) {
        if (*done > 0.01) {
            const auto left = static_cast<std::uint64_t>(elapsed.count() * (1 - *done) / *done);
            tail += fmt::format("  {}:{:02} left", left / 60, left % 60);
        }
        const auto taken = line.size() + tail.size() + 12;
        if (width > taken + 10) {
            const auto cells = std::min<std::size_t>(40, width - taken);
            const auto filled = static_cast<std::size_t>(*done * static_cast<double>(cells));
            line += fmt::format(" [{}{}]", std::string(filled, '#'), std::string(cells - filled, '-'));
        }
        line += fmt::format(" {:3.0f}% ", *done * 100);
    }
    line += " " + tail;
    if (line.size() >= width)
        line.resize(width > 0 ? width - 1 : 0);
    return line;
}

void log_progress(async::log& sink, const archive::run_report& report, seconds elapsed) {
    const auto spent = std::max(elapsed.count(), 0.001);
    sink.info(
        "progress", "still at work",
        {{"phase", archive::to_string(report.phase)},
         {"rows", report.rows_read},
         {"rows_planned", report.rows_planned},
         {"bytes", report.bytes_read},
         {"rows_per_second", static_cast<std::uint64_t>(static_cast<double>(report.rows_read) / spent)},
         {"bytes_per_second", static_cast<std::uint64_t>(static_cast<double>(report.bytes_read) / spent)},
         {"days", report.days_staged},
         {"days_planned", report.days_planned}});
}

progress_display::progress_display(const boost::asio::any_io_executor& executor, style how,
                                   const archive::run_report& report, async::log& sink, line_writer terminal)
    : timer_(executor)
    , style_(how)
    , report_(report)
    , sink_(sink)
    , terminal_(std::move(terminal)) {}

seconds progress_display::elapsed() const { return std::chrono::steady_clock::now() - started_; }

void progress_display::start() {
    timer_.expires_after(style_ == style::bar ? std::chrono::steady_clock::duration(bar_interval)
                                              : line_interval);
    timer_.async_wait([this](const boost::system::error_code& failed) {
        if (failed || stopped_)
            return;
        tick();
        start();
    });
}

void progress_display::tick() {
    if (style_ == style::lines) {
        log_progress(sink_, report_, elapsed());
        return;
    }
    terminal_("\r" + progress_bar(report_, elapsed(), terminal_width()) + "\x1b[K");
    shown_ = true;
}

void progress_display::clear() {
    if (std::exchange(shown_, false))
        terminal_("\r\x1b[K");
}

void progress_display::show_now() {
    clear();
    log_progress(sink_, report_, elapsed());
}

void progress_display::stop() {
    stopped_ = true;
    timer_.cancel();
    clear();
}

} // namespace app
