#include "app/observe/line_log.hpp"

#include "app/text/printable.hpp"
#include "app/text/utf8.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <unistd.h>

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

std::string_view colour_of(async::log_level level) {
    switch (level) {
    case async::log_level::debug:
        return "\x1b[2m";
    case async::log_level::info:
        return "";
    case async::log_level::warn:
        return "\x1b[33m";
    case async::log_level::error:
        break;
    }
    return "\x1b[31m";
}

// A server's message may have several lines, or colour the terminal.
std::string on_one_line(std::string_view text) { return printable(text); }

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

struct print_text : print_number {
    using print_number::operator();
    std::string operator()(std::string_view text) const {
        const bool plain =
            !text.empty() && text.find_first_of(" \"=") == std::string_view::npos && printable(text) == text;
        return plain ? std::string(text) : json_quoted(text);
    }
};

} // namespace

std::string timestamp() {
    using namespace std::chrono;
    const auto now = floor<microseconds>(system_clock::now());
    const auto second = floor<seconds>(now);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:06}Z", fmt::gmtime(system_clock::to_time_t(second)),
                       (now - second).count());
}

std::string json_quoted(std::string_view text) {
    return boost::json::serialize(boost::json::string_view(valid_utf8(text)));
}

line_writer standard_error() {
    return [](std::string_view line) {
        // A log that cannot be written must not stop the run.
        while (!line.empty()) {
            const auto written = ::write(STDERR_FILENO, line.data(), line.size());
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                return;
            line.remove_prefix(static_cast<std::size_t>(written));
        }
    };
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

text_log::text_log(line_writer write, bool colour, std::function<void()> before_line, constant_field always,
                   process_id shown)
    : write_(std::move(write))
    , before_line_(std::move(before_line))
    , always_(std::move(always))
    , shown_(shown)
    , colour_(colour) {}

void text_log::write(async::log_level level, std::string_view, std::string_view message,
                     std::span<const async::log_field> fields) {
    if (before_line_)
        before_line_();
    const auto colour = colour_ ? colour_of(level) : std::string_view();
    auto line = fmt::format("{} {}{:5}{} {}", timestamp().substr(11, 8), colour, name_of(level),
                            colour.empty() ? "" : "\x1b[0m", on_one_line(message));
    for (const auto& field : fields)
        line += fmt::format("  {}={}", field.key, std::visit(print_text(), field.value));
    if (!always_.key.empty())
        line += fmt::format("  {}={}", always_.key, print_text()(std::string_view(always_.value)));
    if (shown_ == process_id::shown)
        line += fmt::format("  pid={}", ::getpid());
    line += '\n';
    write_(line);
}

} // namespace app
