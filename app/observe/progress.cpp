#include "app/observe/progress.hpp"

#include "app/text/terminal.hpp"
#include "app/text/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>
#include <vector>

namespace app {

namespace {

using exact_seconds = std::chrono::duration<double>;

constexpr auto bar_interval = std::chrono::milliseconds(200);
constexpr auto sample_interval = std::chrono::seconds(1); // if nothing is drawn
constexpr auto line_interval = std::chrono::seconds(30);

std::string clock_text(std::uint64_t left) {
    return left < 3600 ? fmt::format("{}:{:02}", left / 60, left % 60)
                       : fmt::format("{}:{:02}:{:02}", left / 3600, left % 3600 / 60, left % 60);
}

std::string numbers(const progress_facts& facts, const progress_pace& pace, bool with_rows) {
    std::string text;
    if (with_rows && facts.rows > 0)
        text += fmt::format("  {} rows", short_count(facts.rows));
    if (facts.moves_rows) {
        text += "  " + short_bytes(static_cast<double>(facts.bytes));
        if (pace.speed)
            text += fmt::format("  {}/s", short_bytes(*pace.speed));
    }
    if (facts.events) {
        text += fmt::format("  {} events", short_count(*facts.events));
        if (pace.speed)
            text += fmt::format("  {}/s", short_count(static_cast<std::uint64_t>(*pace.speed)));
    }
    if (!facts.counts.empty())
        text += "  " + facts.counts;
    if (pace.left)
        text += fmt::format("  {} left", clock_text(static_cast<std::uint64_t>(pace.left->count())));
    else if (!facts.share && facts.in_phase >= exact_seconds(1))
        text += fmt::format("  {}", short_duration(std::chrono::floor<std::chrono::seconds>(facts.in_phase)));
    return text;
}

std::uint64_t each_second(std::uint64_t count, exact_seconds spent) {
    return static_cast<std::uint64_t>(static_cast<double>(count) / std::max(spent.count(), 0.001));
}

} // namespace

std::string progress_bar(const progress_facts& facts, const progress_pace& pace, std::size_t width) {
    constexpr std::size_t cells_min = 10;
    auto line = fmt::format("{:<10}", facts.phase);
    // " [" "] 100%"
    const auto room = line.size() + 8 + cells_min;
    auto tail = numbers(facts, pace, true);
    if (facts.share && facts.moves_rows && room + tail.size() >= width)
        tail = numbers(facts, pace, false);
    if (facts.share) {
        const auto taken = line.size() + tail.size() + 10;
        if (width > taken + cells_min) {
            const auto cells = std::min<std::size_t>(40, width - taken);
            const auto filled = static_cast<std::size_t>(*facts.share * static_cast<double>(cells));
            line += fmt::format(" [{}{}]", std::string(filled, '#'), std::string(cells - filled, '-'));
        }
        line += fmt::format(" {:3.0f}%", std::floor(*facts.share * 100));
    } else if (!tail.empty()) {
        tail.erase(0, 1);
    }
    line += tail;
    line.erase(line.find_last_not_of(' ') + 1);
    if (line.size() >= width)
        line.resize(width > 0 ? width - 1 : 0);
    return line;
}

void log_progress(async::log& log, const archive::run_report& report, const progress_pace& pace) {
    const exact_seconds spent = report.time_in_phase();
    std::vector<async::log_field> fields{{"phase", archive::to_string(report.phase)},
                                         {"rows", report.rows_read},
                                         {"rows_planned", report.rows_planned},
                                         {"bytes", report.bytes_read},
                                         {"rows_per_second", each_second(report.rows_read, spent)},
                                         {"bytes_per_second", each_second(report.bytes_read, spent)},
                                         {"days", report.days_staged},
                                         {"days_planned", report.days_planned},
                                         {"files", report.files_done},
                                         {"files_planned", report.files_planned},
                                         {"bytes_stored", report.bytes_stored}};
    if (const auto share = facts_of(report).share)
        fields.emplace_back("percent", static_cast<std::uint64_t>(*share * 100));
    if (pace.left)
        fields.emplace_back("seconds_left", std::int64_t{pace.left->count()});
    log.info("progress", "a run is at work", std::span<const async::log_field>(fields));
}

void add_pace(std::vector<async::log_field>& fields, const progress_facts& facts, const progress_pace& pace) {
    if (facts.events)
        fields.emplace_back("events", *facts.events);
    if (pace.speed)
        fields.emplace_back("events_per_second", static_cast<std::uint64_t>(*pace.speed));
    if (facts.share)
        fields.emplace_back("percent", static_cast<std::uint64_t>(*facts.share * 100));
    if (pace.left)
        fields.emplace_back("seconds_left", std::int64_t{pace.left->count()});
}

progress_display::progress_display(const boost::asio::any_io_executor& executor, style how, source shown,
                                   line_writer terminal)
    : timer_(executor)
    , style_(how)
    , source_(std::move(shown))
    , terminal_(std::move(terminal))
    , next_line_(std::chrono::steady_clock::now() + line_interval) {}

void progress_display::start() {
    timer_.expires_after(style_ == style::bar ? std::chrono::steady_clock::duration(bar_interval)
                                              : sample_interval);
    timer_.async_wait([this](const boost::system::error_code& failed) {
        if (failed || stopped_)
            return;
        tick();
        start();
    });
}

progress_facts progress_display::measure() {
    auto facts = source_.facts();
    if (facts.idle)
        meter_ = {};
    else
        meter_.note(facts, std::chrono::steady_clock::now());
    return facts;
}

void progress_display::tick() {
    const auto facts = measure();
    if (facts.idle) {
        clear();
        next_line_ = std::chrono::steady_clock::now() + line_interval;
    } else if (style_ == style::bar) {
        terminal_("\r" + progress_bar(facts, pace(), width_of(stream::error)) + "\x1b[K");
        shown_ = true;
    } else if (style_ == style::lines && std::chrono::steady_clock::now() >= next_line_) {
        next_line_ += line_interval;
        source_.log(pace());
    }
}

void progress_display::clear() {
    if (std::exchange(shown_, false))
        terminal_("\r\x1b[K");
}

void progress_display::show_now() {
    clear();
    measure();
    source_.log(pace());
}

void progress_display::stop() {
    stopped_ = true;
    timer_.cancel();
    clear();
}

progress_display::style usual_style(const run_log& out, async::log_level level) {
    if (level > async::log_level::info)
        return progress_display::style::on_request;
    return out.text && is_terminal(stream::error) ? progress_display::style::bar
                                                  : progress_display::style::lines;
}

} // namespace app
