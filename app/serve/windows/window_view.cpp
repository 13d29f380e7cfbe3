#include "app/serve/windows/window_view.hpp"

#include "async/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <ctime>
#include <utility>

namespace app {

namespace {

constexpr std::string_view first_line = "event-archiver window files 1";

std::uint64_t processed(const window& which, const window_positions& applied) {
    std::uint64_t lines = 0;
    for (const auto& range : which.ranges)
        if (const auto next = applied.find(range.partition); next != applied.end())
            lines +=
                static_cast<std::uint64_t>(std::clamp(next->second, range.first, range.end) - range.first);
    return lines;
}

// Gives the words of one line.
class line_reader {
  public:
    explicit line_reader(std::string_view line)
        : rest_(line) {}

    [[nodiscard]] std::string_view word() {
        const auto found = rest_.substr(0, rest_.find(' '));
        rest_.remove_prefix(std::min(found.size() + 1, rest_.size()));
        return found;
    }
    [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }

  private:
    std::string_view rest_;
};

// "0:17-39"
std::optional<window_range> range_in(std::string_view text) {
    const auto colon = std::min(text.find(':'), text.size());
    const auto dash = std::min(text.find('-', colon), text.size());
    if (dash == text.size())
        return std::nullopt;
    const auto partition = async::number_from<std::int32_t>(text.substr(0, colon));
    const auto first = async::number_from<events::position>(text.substr(colon + 1, dash - colon - 1));
    const auto end = async::number_from<events::position>(text.substr(dash + 1));
    if (!partition || *partition < 0 || !first || *first < 0 || !end || *first >= *end)
        return std::nullopt;
    return window_range{.partition = *partition, .first = *first, .end = *end};
}

void extend(std::vector<window_range>& ranges, const window_range& more) {
    if (!ranges.empty() && ranges.back().partition == more.partition && ranges.back().end == more.first)
        ranges.back().end = more.end;
    else
        ranges.push_back(more);
}

} // namespace

std::string window_file_of(events::event_time at) {
    const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
    const std::time_t since = seconds.time_since_epoch().count();
    std::tm local{};
    ::localtime_r(&since, &local);
    constexpr int window_seconds = 5;
    return fmt::format("server_events_{:02}{:02}{:02}{:02}{:02}{:02}.jsonl", (local.tm_year + 1900) % 100,
                       local.tm_mon + 1, local.tm_mday, local.tm_hour, local.tm_min,
                       std::min(local.tm_sec, 59) / window_seconds);
}

std::string on_one_line(std::string_view json) {
    std::string line;
    line.reserve(json.size());
    bool in_string = false;
    bool escaped = false;
    for (const char given : json) {
        // A string of JSON has no line end, but a producer of Kafka may send something that is not JSON.
        const char each = given == '\n' || given == '\r' ? ' ' : given;
        if (in_string || (each != ' ' && each != '\t'))
            line += each;
        if (each == '"' && !escaped)
            in_string = !in_string;
        escaped = in_string && each == '\\' && !escaped;
    }
    return line;
}

std::uint64_t window::lines() const noexcept {
    std::uint64_t lines = 0;
    for (const auto& range : ranges)
        lines += static_cast<std::uint64_t>(range.end - range.first);
    return lines;
}

void window_plan::add(std::int32_t partition, const events::recorded_event& event) {
    auto file = window_file_of(event.time);
    if (additions_.empty() || additions_.back().file != file)
        additions_.push_back({std::move(file), {}, {}});
    auto& addition = additions_.back();
    extend(addition.ranges, {partition, event.at, event.at + 1});
    const auto line = on_one_line(event.content.value);
    addition.lines += line;
    addition.lines += '\n';
    bytes_ += line.size() + 1;
}

std::optional<window_view> window_view::read(std::string_view text) {
    std::optional<window_view> view;
    if (!text.starts_with(first_line) || !text.ends_with("\nend\n"))
        return std::nullopt;
    text.remove_prefix(std::min(first_line.size() + 1, text.size()));
    while (!text.empty()) {
        line_reader line(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
        const auto kind = line.word();
        if (kind == "journal") {
            view.emplace(std::string(line.word()));
        } else if (kind == "next" && view) {
            const auto partition = async::number_from<std::int32_t>(line.word());
            const auto next = async::number_from<events::position>(line.word());
            if (!partition || *partition < 0 || !next || *next < 0)
                return std::nullopt;
            view->begin_at(*partition, *next);
        } else if (kind == "window" && view) {
            const std::string file(line.word());
            while (!line.at_end()) {
                const auto range = range_in(line.word());
                if (!range)
                    return std::nullopt;
                view->append(file, *range);
            }
        } else if (kind != "end" || !view) {
            return std::nullopt;
        }
    }
    return view;
}

std::string window_view::text() const {
    auto text = fmt::format("{}\njournal {}\n", first_line, journal_);
    for (const auto& [partition, next] : next_)
        text += fmt::format("next {} {}\n", partition, next);
    for (const auto& each : windows_) {
        text += fmt::format("window {}", each.file);
        for (const auto& range : each.ranges)
            text += fmt::format(" {}:{}-{}", range.partition, range.first, range.end);
        text += '\n';
    }
    return text + "end\n";
}

std::uint64_t window_view::lines_of(std::string_view file) const {
    const auto found = by_file_.find(file);
    return found == by_file_.end() ? 0 : found->second->lines();
}

void window_view::append(const std::string& file, const window_range& range) {
    auto found = by_file_.find(file);
    if (found == by_file_.end()) {
        windows_.push_back({file, {}});
        found = by_file_.emplace(file, std::prev(windows_.end())).first;
    }
    extend(found->second->ranges, range);
}

void window_view::apply(const window_plan& plan) {
    for (const auto& addition : plan.additions())
        for (const auto& range : addition.ranges)
            append(addition.file, range);
    for (const auto& [partition, next] : plan.next())
        next_[partition] = next;
}

std::string window_view::offsets(const window_positions& applied) const {
    std::string text = "{";
    for (const auto& each : windows_)
        if (const auto lines = processed(each, applied); lines > 0)
            text += fmt::format("{}\"{}\":{}", text.size() > 1 ? "," : "", each.file, lines);
    return text + "}";
}

bool window_view::all_applied(const window_positions& applied) const {
    return std::ranges::all_of(next_, [&applied](const auto& entry) {
        const auto found = applied.find(entry.first);
        return found != applied.end() && found->second >= entry.second;
    });
}

std::vector<std::string> window_view::oldest(const window_positions& applied, std::size_t max) const {
    std::vector<std::string> files;
    for (const auto& each : windows_) {
        if (files.size() == max || processed(each, applied) < each.lines())
            break;
        files.push_back(each.file);
    }
    return files;
}

void window_view::forget(const std::string& file) {
    const auto found = by_file_.find(file);
    if (found == by_file_.end())
        return;
    windows_.erase(found->second);
    by_file_.erase(found);
}

} // namespace app
