#include "app/observe/line_log.hpp"

#include "app/observe/error_stream.hpp"
#include "app/text/utf8.hpp"
#include "async/utc_time.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <memory>
#include <unistd.h>
#include <utility>
#include <vector>

namespace app {

namespace {

std::string_view name_of(async::log_level level) {
    switch (level) {
    case async::log_level::debug:
        return "debug";
    case async::log_level::info:
        return "info";
    case async::log_level::warn:
        return "warn";
    case async::log_level::error:
        break;
    }
    return "error";
}

struct print_number {
    template <typename Number>
    std::string operator()(Number number) const {
        return fmt::format("{}", number);
    }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
};

struct print_json : print_number {
    using print_number::operator();
    std::string operator()(double number) const {
        return std::isfinite(number) ? fmt::format("{}", number) : "null";
    }
    std::string operator()(std::string_view text) const { return json_quoted(text); }
};

// Events that a person reads in one short line.
struct line_of_event {
    std::string_view event;
    std::string (*make)(const log_entry&, const text_look&);
};
constexpr std::array short_lines{
    line_of_event{"day.archived", day_line},    line_of_event{"day.uploaded", day_line},
    line_of_event{"day.restored", day_line},    line_of_event{"day.held", day_line},
    line_of_event{"day.erased", day_line},      line_of_event{"settle.decided", settled_line},
    line_of_event{"table.made", sentence_line}, line_of_event{"export.done", task_line},
    line_of_event{"export.tried", task_line},
};

} // namespace

std::string timestamp() {
    using namespace std::chrono;
    return async::utc_text(floor<microseconds>(system_clock::now()));
}

line_writer standard_error(std::function<std::string(std::uint64_t)> drop_notice) {
    constexpr std::chrono::seconds patience{1};
    const auto stream = std::make_shared<error_stream>(STDERR_FILENO, patience, std::move(drop_notice));
    return [stream](std::string_view lines) { stream->write(lines); };
}

line_writer standard_error() {
    return standard_error([](std::uint64_t) { return std::string(); });
}

json_log::json_log(std::string run_id, line_writer write, constant_field always)
    : run_id_(std::move(run_id))
    , write_(std::move(write))
    , always_(std::move(always)) {}

void json_log::write(async::log_level level, std::string_view event, std::string_view message,
                     std::span<const async::log_field> fields) {
    auto line = fmt::format(R"({{"time":"{}","level":"{}","msg":{},"event":"{}","run_id":"{}","pid":{})",
                            timestamp(), name_of(level), json_quoted(message), event, run_id_, ::getpid());
    for (const auto& field : fields)
        line += fmt::format(",{}:{}", json_quoted(field.key), std::visit(print_json(), field.value));
    if (!always_.key.empty())
        line += fmt::format(",{}:{}", json_quoted(always_.key), json_quoted(always_.value));
    line += "}\n";
    write_(line);
}

text_log::text_log(text_output out, constant_field always)
    : out_(std::move(out))
    , always_(std::move(always)) {}

void text_log::write(async::log_level level, std::string_view event, std::string_view message,
                     std::span<const async::log_field> fields) {
    const bool is_summary = event == "run.summary";
    if (is_summary && !enabled(async::log_level::warn))
        return; // the user wants errors only
    std::vector<async::log_field> all(fields.begin(), fields.end());
    if (!always_.key.empty())
        all.emplace_back(always_.key, always_.value);
    if (out_.shown == process_id::shown)
        all.emplace_back("pid", static_cast<std::int64_t>(::getpid()));
    const auto lines = lines_of({level, event, message, all});
    if (lines.empty())
        return;
    if (out_.before_line)
        out_.before_line();
    out_.write(lines);
}

std::string text_log::lines_of(const log_entry& entry) {
    // Each line has its time and all its fields: if they are asked for, and in logs that are read days later.
    const bool in_full = enabled(async::log_level::debug) || out_.shown == process_id::shown;
    const text_look look{out_.width ? out_.width() : 0, out_.colour, enabled(async::log_level::debug)};
    const auto event = entry.event;
    if (event == "run.summary")
        return summary_lines(entry, look);
    if (!in_full && event == "run.start" && !text_of(entry, "database").empty()) {
        command_ = entry.message.substr(0, entry.message.find(' '));
        place_ = text_of(entry, "account").empty() ? std::string()
                                                   : text_of(entry, "account") + "/" + text_of(entry, "path");
        return start_line(entry, look);
    }
    if (!in_full && event == "azure.identity" && !place_.empty())
        return place_line(command_, std::exchange(place_, {}), text_of(entry, "azure.identity"), entry, look);
    if (!in_full && event == "plan") // with a transaction a day there are many; the first is about all
        return std::exchange(planned_, true) ? std::string() : plan_line(entry, look);
    const auto* const short_line = std::ranges::find(short_lines, event, &line_of_event::event);
    if (!in_full && short_line != short_lines.end())
        return short_line->make(entry, look);
    const auto now = timestamp();
    if (!in_full && event == "progress" &&
        (!text_of(entry, "phase").empty() || !text_of(entry, "task").empty()))
        return progress_line(entry, std::string_view(now).substr(11, 8), look);
    if (event == "retry" && has_field(entry, "try") && !enabled(async::log_level::debug))
        return retry_line(entry, std::string_view(now).substr(11, 8), look);
    if (event == "http.request" && !enabled(async::log_level::debug))
        return request_line(entry, std::string_view(now).substr(11, 8), look);
    const auto today = now.substr(0, 10);
    const bool next_day = !day_.empty() && day_ != today;
    day_ = today;
    return (next_day ? fmt::format("{} UTC\n", today) : std::string()) +
           general_lines(entry, std::string_view(now).substr(11, 8), look);
}

} // namespace app
