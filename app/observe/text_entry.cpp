#include "app/observe/text_entry.hpp"

#include "app/observe/line_log.hpp"
#include "app/text/printable.hpp"
#include "app/text/units.hpp"
#include "app/text/utf8.hpp"
#include "app/text/wrap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <variant>

namespace app {

namespace {

std::string_view name_of(async::log_level level) {
    switch (level) {
    case async::log_level::debug:
        return "debug";
    case async::log_level::info:
        return "";
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

struct as_text {
    template <typename Number>
    std::string operator()(Number number) const {
        return fmt::format("{}", number);
    }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::string_view text) const { return std::string(text); }
};

const async::log_field* field_of(const log_entry& entry, std::string_view key) {
    const auto found = std::ranges::find(entry.fields, key, &async::log_field::key);
    return found == entry.fields.end() ? nullptr : &*found;
}

// Empty fields say nothing, and without `in_full` those that the last line of a run has.
bool is_shown(const async::log_field& field, bool in_full) {
    if (!in_full && (field.key == "error.type" || field.key == "exit_code"))
        return false;
    if (const auto* text = std::get_if<std::string_view>(&field.value))
        return !text->empty();
    return field.key != "dry_run" || std::get_if<bool>(&field.value) == nullptr ||
           std::get<bool>(field.value);
}

// Words that the message has need not stand behind it again, nor the code and the id of a request to storage.
bool is_in(std::string_view message, const async::log_field& field) {
    const auto* text = std::get_if<std::string_view>(&field.value);
    return text != nullptr &&
           (text->find(' ') != std::string_view::npos || field.key.starts_with("azure.")) &&
           message.find(*text) != std::string_view::npos;
}

std::string pair_of(const async::log_field& field) {
    const auto text = std::visit(as_text(), field.value);
    const bool plain = std::get_if<std::string_view>(&field.value) == nullptr ||
                       (text.find_first_of(" \"=") == std::string::npos && printable(text) == text);
    return fmt::format("  {}={}", field.key, plain ? text : json_quoted(text));
}

} // namespace

std::string text_of(const log_entry& entry, std::string_view key) {
    const auto* field = field_of(entry, key);
    return field == nullptr ? std::string() : std::visit(as_text(), field->value);
}

bool has_field(const log_entry& entry, std::string_view key) { return field_of(entry, key) != nullptr; }

std::uint64_t number_of(const log_entry& entry, std::string_view key) {
    const auto* field = field_of(entry, key);
    if (field == nullptr)
        return 0;
    if (const auto* number = std::get_if<std::uint64_t>(&field->value))
        return *number;
    const auto* number = std::get_if<std::int64_t>(&field->value);
    return number == nullptr || *number < 0 ? 0 : static_cast<std::uint64_t>(*number);
}

std::string with_event(std::string text, const log_entry& entry, const text_look& look, std::size_t indent) {
    const auto name = look.colour ? std::string(entry.event) : fmt::format("[{}]", entry.event);
    const auto plain = printable(text);
    auto lines = wrapped(plain + "  " + name, look.width, indent);
    const auto begin = lines.rfind('\n');
    const auto last = begin == std::string::npos ? lines : lines.substr(begin + 1);
    if (begin != std::string::npos && entry.level <= async::log_level::info &&
        last.find_first_not_of(' ') == last.size() - name.size())
        return wrapped(plain, look.width,
                       indent); // the event's name of a success is not worth a line of its own
    if (look.colour) {
        lines.insert(lines.size() - name.size(), "\x1b[2m");
        lines += "\x1b[0m";
    }
    return lines;
}

namespace {

// The time and the level, in its colour, in front of the text, and the event's name behind it.
std::string timed_lines(std::string_view text, const log_entry& entry, std::string_view time,
                        const text_look& look) {
    const auto level = name_of(entry.level);
    auto lines = with_event(fmt::format("{}Z {}{}{}", time, level, level.empty() ? "" : " ", text), entry,
                            look, indent_of_entries);
    if (look.colour && !level.empty()) {
        const auto at = time.size() + 2;
        lines.insert(at + level.size(), "\x1b[0m");
        lines.insert(at, colour_of(entry.level));
    }
    return lines + '\n';
}

// Of lines that leave out their other fields.
std::string pid_of(const log_entry& entry) {
    return has_field(entry, "pid") ? "  pid=" + text_of(entry, "pid") : std::string();
}

} // namespace

std::string general_lines(const log_entry& entry, std::string_view time, const text_look& look) {
    std::string text(entry.message);
    std::string hint;
    for (const auto& field : entry.fields)
        if (field.key == "error.hint" || field.key == "hint")
            hint = std::visit(as_text(), field.value);
        else if (is_shown(field, look.in_full) && !is_in(entry.message, field))
            text += pair_of(field);
    auto lines = timed_lines(text, entry, time, look);
    if (!hint.empty())
        lines += std::string(indent_of_entries, ' ') +
                 wrapped(printable(hint), look.width, indent_of_entries, indent_of_entries) + "\n";
    return lines;
}

std::string retry_line(const log_entry& entry, std::string_view time, const text_look& look) {
    const auto of = has_field(entry, "tries_max") ? " of " + text_of(entry, "tries_max") : std::string();
    const std::chrono::duration<double, std::milli> pause(static_cast<double>(number_of(entry, "pause_ms")));
    const auto text = fmt::format("{}: {}; try {}{} in {:.1f} s{}", text_of(entry, "what"),
                                  text_of(entry, "error.message"), number_of(entry, "try") + 1, of,
                                  std::chrono::duration<double>(pause).count(), pid_of(entry));
    return timed_lines(text, entry, time, look);
}

std::string request_line(const log_entry& entry, std::string_view time, const text_look& look) {
    const auto* const field = field_of(entry, "duration_ms");
    const auto* const took = field == nullptr ? nullptr : std::get_if<double>(&field->value);
    auto text = fmt::format(
        "{}Z {} {} {}  {}  {:.1f} ms{}  {}", time, text_of(entry, "method"), text_of(entry, "path"),
        text_of(entry, "status"), short_bytes(static_cast<double>(number_of(entry, "bytes"))),
        took == nullptr ? 0.0 : *took, text_of(entry, "cut") == "true" ? ", cut short" : "",
        text_of(entry, "request_id"));
    if (const auto id = text_of(entry, "correlation_id"); !id.empty())
        text += "  correlation_id=" + id;
    text += pid_of(entry);
    return wrapped(printable(text), look.width, indent_of_entries) + "\n";
}

std::string progress_line(const log_entry& entry, std::string_view time, const text_look& look) {
    const auto phase = text_of(entry, "phase");
    auto text = fmt::format("{}Z {}:", time, phase.empty() ? text_of(entry, "task") : phase);
    const auto add = [&text](const std::string& words) {
        text += (text.ends_with(':') ? " " : ", ") + words;
    };
    const auto of = [&entry](std::string_view done, std::string_view planned, const char* noun) {
        const auto all = number_of(entry, planned);
        return all > 0 ? fmt::format("{} of {}", grouped(number_of(entry, done)), counted(all, noun))
                       : counted(number_of(entry, done), noun);
    };
    if (has_field(entry, "percent"))
        add(text_of(entry, "percent") + "%");
    add(of("rows", "rows_planned", "row"));
    if (const auto bytes = number_of(entry, "bytes"); bytes > 0)
        add(short_bytes(static_cast<double>(bytes)) + " read");
    if (const auto bytes = number_of(entry, "bytes_stored"); bytes > 0)
        add(short_bytes(static_cast<double>(bytes)) + " uploaded");
    if (number_of(entry, "days_planned") > 0)
        add(of("days", "days_planned", "day"));
    if (number_of(entry, "files_planned") > 0)
        add(of("files", "files_planned", "file"));
    if (has_field(entry, "seconds_left"))
        add(short_duration(std::chrono::seconds(number_of(entry, "seconds_left"))) + " left");
    return with_event(std::move(text), entry, look, indent_of_entries) + "\n";
}

} // namespace app
