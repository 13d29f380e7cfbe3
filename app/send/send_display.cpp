#include "app/send/send_display.hpp"

#include "app/text/units.hpp"
#include "async/pause.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace app {

namespace {

constexpr std::chrono::milliseconds line_interval{200};
constexpr std::chrono::seconds log_interval{30};

} // namespace

std::string send_line(const send_report& report, std::chrono::duration<double> elapsed) {
    auto line = fmt::format("sending  {} events", short_count(report.events));
    if (report.bytes_file > 0)
        line +=
            fmt::format("  {}%", std::min<std::uint64_t>(100, report.bytes_read * 100 / report.bytes_file));
    const auto rate = static_cast<double>(report.events) / std::max(elapsed.count(), 0.001);
    return line + fmt::format("  {}/s", short_count(static_cast<std::uint64_t>(rate)));
}

send_display::send_display(const send_report& report, async::log& log, line_writer terminal)
    : report_(report)
    , log_(log)
    , terminal_(std::move(terminal)) {}

async::awaitable<void> send_display::run() {
    for (;;) {
        co_await async::pause(terminal_ ? std::chrono::steady_clock::duration(line_interval) : log_interval);
        if (!terminal_) {
            show_now();
            continue;
        }
        terminal_("\r" + send_line(report_, std::chrono::steady_clock::now() - began_) + "\x1b[K");
        shown_ = true;
    }
}

void send_display::clear() {
    if (std::exchange(shown_, false))
        terminal_("\r\x1b[K");
}

void send_display::show_now() {
    log_.info(
        "progress", "still at work",
        {{"events", report_.events}, {"bytes_read", report_.bytes_read}, {"bytes", report_.bytes_file}});
}

} // namespace app
