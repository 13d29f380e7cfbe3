// The last lines of a run.
// Tested by tests/unit/app/observe/text_entry_test.cpp.

#include "app/observe/text_entry.hpp"
#include "app/text/printable.hpp"
#include "app/text/units.hpp"
#include "app/text/wrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <variant>

namespace app {

namespace {

constexpr std::size_t indent_of_summary = 4;

// Fields that the first line has, that are the same in each run, and `attempts`: there are two after a dry
// run, and one a day with --commit day.
constexpr std::array said_already{
    "status",   "exit_code",       "command",         "dry_run",    "phase",          "cutoff",       "rows",
    "days",     "bytes",           "tasks",           "error.type", "duration_ms",    "tasks_failed", "pid",
    "attempts", "requests_served", "events_accepted", "events",     "lines_left_out", "dead_letters"};
// Fields about the resources that the run used, as opposed to its results.
constexpr std::array costs{"requests", "retries", "bytes_sent", "cpu_seconds", "peak_memory_bytes"};

template <std::size_t Size>
bool among(const std::array<const char*, Size>& keys, std::string_view key) {
    return std::ranges::find(keys, key) != keys.end();
}

std::string with_spaces(std::string_view key) {
    std::string text(key);
    std::ranges::replace(text, '_', ' ');
    return text;
}

// "2,000 rows of 14 days": a number followed by a word is a count.
std::string with_separators(std::string_view message) {
    std::string text;
    while (!message.empty()) {
        const auto word = message.substr(0, message.find(' '));
        message.remove_prefix(word.size());
        const bool digits = !word.empty() && word.size() < 20 &&
                            std::ranges::all_of(word, [](char each) { return each >= '0' && each <= '9'; });
        const bool counts = digits && message.size() > 1 && std::isalpha(message[1]) != 0;
        text += counts ? grouped(std::stoull(std::string(word))) : std::string(word);
        const auto spaces = std::min(message.find_first_not_of(' '), message.size());
        text += message.substr(0, spaces);
        message.remove_prefix(spaces);
    }
    return text;
}

std::string seconds_text(std::uint64_t milliseconds) {
    return milliseconds < 90'000 ? fmt::format("{:.1f} s", static_cast<double>(milliseconds) / 1e3)
                                 : short_duration(std::chrono::seconds(milliseconds / 1000));
}

bool is_zero(const async::log_field& field) {
    return std::visit(
        [](auto value) {
            if constexpr (std::is_same_v<decltype(value), std::string_view>)
                return value.empty();
            else
                return value == decltype(value){};
        },
        field.value);
}

std::string in_words(const log_entry& entry, std::string_view key) {
    const auto number = number_of(entry, key);
    const auto bytes = short_bytes(static_cast<double>(number));
    if (key == "rows_deleted")
        return counted(number, "row") + " deleted";
    if (key == "rows_recognised")
        return grouped(number) + (text_of(entry, "command") == "restore" ? " were in the table already"
                                                                         : " were in their files already");
    if (key == "rows_dayless")
        return counted(number, "row") + " without a valid timestamp left";
    if (key == "files_created")
        return counted(number, "file") + " created";
    if (key == "files_appended")
        return counted(number, "file") + " appended to";
    if (key == "files_settled")
        return counted(number, "file") + " recovered";
    if (key == "files_pending")
        return counted(number, "file") + " left uncommitted";
    if (key == "files_lost")
        return counted(number, "file") + " gone or replaced";
    if (key == "passes") // of `send --watch`
        return number == 1 ? std::string() : grouped(number) + " passes";
    if (key == "tasks_empty")
        return counted(number, "task") + " without rows";
    if (key == "side_effects")
        return text_of(entry, key);
    if (key == "backlog_seconds") {
        const auto hours = number / 3600;
        return "the oldest row was overdue by " +
               (hours < 48 ? short_duration(std::chrono::seconds(number)) : counted(hours / 24, "day"));
    }
    if (key == "requests")
        return counted(number, "request");
    if (key == "retries")
        return fmt::format("{} {}", grouped(number), number == 1 ? "retry" : "retries");
    if (key == "bytes_sent")
        return bytes + " sent";
    if (key == "cpu_seconds")
        return text_of(entry, key) + " s of CPU";
    if (key == "peak_memory_bytes")
        return bytes + " of memory";
    return fmt::format("{} {}", with_spaces(key), number > 0 ? grouped(number) : text_of(entry, key));
}

void add_to(std::string& line, const std::string& words) {
    if (!words.empty())
        line += (line.empty() ? "" : ", ") + words;
}

std::string first_line(const log_entry& entry) {
    const auto code = number_of(entry, "exit_code");
    const auto took = seconds_text(number_of(entry, "duration_ms"));
    const auto message = with_separators(entry.message);
    if (text_of(entry, "status") == "stopped")
        return fmt::format("stopped after {}, exit code {}", took, code);
    if (code != 0) {
        const bool says_more = entry.message.starts_with("failed: ");
        if (number_of(entry, "tasks_failed") > 0)
            return fmt::format("failed after {}, exit code {}: {}", took, code, message);
        return fmt::format("failed after {}, exit code {}{}", took, code, says_more ? message.substr(6) : "");
    }
    if (text_of(entry, "command") == "erase" && text_of(entry, "dry_run") == "true") // the answer has it all
        return fmt::format("done in {}: nothing was changed", took);
    constexpr std::string_view dry = "dry run: ";
    const bool tried = message.starts_with(dry);
    auto text = fmt::format("{}done in {}: {}", tried ? "dry run " : "", took,
                            std::string_view(message).substr(tried ? dry.size() : 0));
    // What `erase` counts is a part of its files, whose bytes these are.
    const bool of_rows = text_of(entry, "command") != "erase" && number_of(entry, "rows") > 0;
    if (const auto bytes = number_of(entry, "bytes"); bytes > 0 && of_rows)
        text += ", " + short_bytes(static_cast<double>(bytes));
    return text;
}

} // namespace

std::string summary_lines(const log_entry& entry, const text_look& look) {
    std::string did;
    std::string used;
    std::string phases;
    constexpr std::string_view phase = "phase_ms.";
    const bool rolled_back = text_of(entry, "dry_run") == "true";
    for (const auto& field : entry.fields) {
        if (among(said_already, field.key) || is_zero(field))
            continue;
        if (field.key == "files_settled" && entry.message.starts_with("recovered "))
            continue;
        if (field.key.starts_with(phase)) {
            if (const auto spent = number_of(entry, field.key); spent >= 50)
                add_to(phases,
                       fmt::format("{}{} {}", field.key.substr(phase.size()),
                                   rolled_back && field.key == "phase_ms.deleting" ? " (rolled back)" : "",
                                   seconds_text(spent)));
        } else if (field.key == "deleting_beside_ms") {
            if (const auto spent = number_of(entry, field.key); spent >= 50)
                add_to(phases, fmt::format("deleting beside staging{} {}",
                                           rolled_back ? " (rolled back)" : "", seconds_text(spent)));
        } else {
            add_to(among(costs, field.key) ? used : did, in_words(entry, field.key));
        }
    }
    const auto first = first_line(entry);
    auto lines = with_event(first, entry, look, indent_of_summary);
    if (look.colour) {
        const auto word = first.substr(0, first.starts_with("dry run done") ? 12 : first.find(' '));
        lines.insert(word.size(), "\x1b[0m");
        lines.insert(0, word.ends_with("done") ? "\x1b[32m" : word == "stopped" ? "\x1b[33m" : "\x1b[31m");
    }
    lines += '\n';
    if (number_of(entry, "exit_code") == 2) // no work had begun
        used.clear();
    for (const auto& line :
         {did, used.empty() ? used : "used: " + used, phases.empty() ? phases : "time: " + phases})
        if (!line.empty())
            lines += "  " + wrapped(printable(line), look.width, indent_of_summary, 2) + "\n";
    return lines;
}

} // namespace app
