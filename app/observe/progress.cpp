#include "app/observe/progress.hpp"

#include "app/text/units.hpp"

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

bool reads(archive::run_phase phase) {
    return phase == archive::run_phase::staging || phase == archive::run_phase::verifying;
}

// Nothing where the total is not known. Never all of it before the end.
std::optional<double> fraction(const archive::run_report& report) {
    const auto share = [](std::uint64_t done, std::uint64_t planned) {
        return std::min(0.99, static_cast<double>(done) / static_cast<double>(planned));
    };
    if (reads(report.phase) && report.rows_planned > 0)
        return share(report.rows_read, report.rows_planned);
    if (report.files_planned > 0)
        return share(report.files_done, report.files_planned);
    return std::nullopt;
}

std::string clock_text(std::uint64_t left) {
    return left < 3600 ? fmt::format("{}:{:02}", left / 60, left % 60)
                       : fmt::format("{}:{:02}:{:02}", left / 3600, left % 3600 / 60, left % 60);
}

// Rows, rate and days of a phase that reads; files of one that goes from file to file.
std::string numbers(const archive::run_report& report, seconds elapsed) {
    std::string text;
    if (reads(report.phase) || report.rows_read > 0)
        text += fmt::format("  {} rows", short_count(report.rows_read));
    if (reads(report.phase))
        text += fmt::format(
            "  {}/s", short_bytes(static_cast<double>(report.bytes_read) / std::max(elapsed.count(), 0.001)));
    if (report.files_planned > 0)
        text += fmt::format("  files {}/{}", report.files_done, report.files_planned);
    else if (report.days_planned > 0)
        text += fmt::format("  days {}/{}", report.days_staged, report.days_planned);
    return text;
}

std::size_t terminal_width() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

} // namespace

std::string progress_bar(const archive::run_report& report, seconds elapsed, std::size_t width) {
    auto tail = numbers(report, elapsed);
    const auto done = fraction(report);
    std::string line = fmt::format("{:<10}", archive::to_string(report.phase));
    if (done) {
        if (*done > 0.01)
            tail += fmt::format(
                "  {} left", clock_text(static_cast<std::uint64_t>(elapsed.count() * (1 - *done) / *done)));
        const auto taken = line.size() + tail.size() + 10;
        if (width > taken + 10) {
            const auto cells = std::min<std::size_t>(40, width - taken);
            const auto filled = static_cast<std::size_t>(*done * static_cast<double>(cells));
            line += fmt::format(" [{}{}]", std::string(filled, '#'), std::string(cells - filled, '-'));
        }
        line += fmt::format(" {:3.0f}%", *done * 100);
    } else if (!tail.empty()) {
        tail.erase(0, 1);
    }
    line += tail;
    line.erase(line.find_last_not_of(' ') + 1);
    if (line.size() >= width)
        line.resize(width > 0 ? width - 1 : 0);
    return line;
}

void log_progress(async::log& log, const archive::run_report& report, seconds elapsed) {
    const auto spent = std::max(elapsed.count(), 0.001);
    log.info(
        "progress", "still at work",
        {{"phase", archive::to_string(report.phase)},
         {"rows", report.rows_read},
         {"rows_planned", report.rows_planned},
         {"bytes", report.bytes_read},
         {"rows_per_second", static_cast<std::uint64_t>(static_cast<double>(report.rows_read) / spent)},
         {"bytes_per_second", static_cast<std::uint64_t>(static_cast<double>(report.bytes_read) / spent)},
         {"days", report.days_staged},
         {"days_planned", report.days_planned},
         {"files", report.files_done},
         {"files_planned", report.files_planned}});
}

progress_display::progress_display(const boost::asio::any_io_executor& executor, style how,
                                   const archive::run_report& report, async::log& log, line_writer terminal)
    : timer_(executor)
    , style_(how)
    , report_(report)
    , log_(log)
    , terminal_(std::move(terminal)) {}

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
        log_progress(log_, report_, report_.time_in_phase());
        return;
    }
    terminal_("\r" + progress_bar(report_, report_.time_in_phase(), terminal_width()) + "\x1b[K");
    shown_ = true;
}

void progress_display::clear() {
    if (std::exchange(shown_, false))
        terminal_("\r\x1b[K");
}

void progress_display::show_now() {
    clear();
    log_progress(log_, report_, report_.time_in_phase());
}

void progress_display::stop() {
    stopped_ = true;
    timer_.cancel();
    clear();
}

} // namespace app
