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

constexpr std::size_t indent_of_entries = 4;

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

bool says_something(const async::log_field& field) {
    if (const auto* text = std::get_if<std::string_view>(&field.value))
        return !text->empty();
    return field.key != "dry_run" || std::get_if<bool>(&field.value) == nullptr ||
           std::get<bool>(field.value);
}

// Words that the message has need not stand behind it again.
bool is_in(std::string_view message, const async::log_field& field) {
    const auto* text = std::get_if<std::string_view>(&field.value);
    return text != nullptr && text->find(' ') != std::string_view::npos &&
           message.find(*text) != std::string_view::npos;
}

std::string pair_of(const async::log_field& field) {
    const auto text = std::visit(as_text(), field.value);
    const bool plain = std::get_if<std::string_view>(&field.value) == nullptr ||
                       (text.find_first_of(" \"=") == std::string::npos && printable(text) == text);
    return fmt::format("  {}={}", field.key, plain ? text : json_quoted(text));
}

// "2025-11-29 00:28:03.066294" without the fraction.
std::string to_seconds(const std::string& moment) { return moment.substr(0, moment.find('.')); }

} // namespace

std::string text_of(const log_entry& entry, std::string_view key) {
    const auto* field = field_of(entry, key);
    return field == nullptr ? std::string() : std::visit(as_text(), field->value);
}

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

std::string general_lines(const log_entry& entry, std::string_view time, const text_look& look) {
    const auto level = name_of(entry.level);
    auto text = fmt::format("{}Z {}{}{}", time, level, level.empty() ? "" : " ", entry.message);
    std::string hint;
    for (const auto& field : entry.fields)
        if (field.key == "error.hint" || field.key == "hint")
            hint = std::visit(as_text(), field.value);
        else if (says_something(field) && !is_in(entry.message, field))
            text += pair_of(field);
    auto lines = with_event(std::move(text), entry, look, indent_of_entries);
    if (look.colour && !level.empty()) {
        const auto at = time.size() + 2;
        lines.insert(at + level.size(), "\x1b[0m");
        lines.insert(at, colour_of(entry.level));
    }
    lines += '\n';
    if (!hint.empty())
        lines += std::string(indent_of_entries, ' ') +
                 wrapped(printable(hint), look.width, indent_of_entries, indent_of_entries) + "\n";
    return lines;
}

std::string start_line(const log_entry& entry, const text_look& look) {
    const auto command = std::string(entry.message.substr(0, entry.message.find(' ')));
    auto text = fmt::format("{}: {}", command, text_of(entry, "database"));
    if (const auto table = text_of(entry, "table"); !table.empty())
        text += ", " + table;
    if (command == "archive")
        text += " older than " + text_of(entry, "retention");
    if (const auto tasks = text_of(entry, "tasks"); !tasks.empty())
        text += fmt::format(", tasks of {}, to {}", tasks, text_of(entry, "to"));
    if (text_of(entry, "dry_run") == "true")
        text += ", dry run";
    return with_event(std::move(text), entry, look, indent_of_entries) + "\n";
}

std::string place_line(std::string_view command, std::string_view place, std::string_view identity,
                       const log_entry& entry, const text_look& look) {
    const std::string_view preposition = command == "archive" ? "to" : command == "restore" ? "from" : "in";
    return with_event(fmt::format("{:>{}}: {}, by {}", preposition, command.size(), place, identity), entry,
                      look, indent_of_entries) +
           "\n";
}

std::string plan_line(const log_entry& entry, const text_look& look) {
    const auto before = to_seconds(text_of(entry, "cutoff")) + " UTC";
    const bool by_index = text_of(entry, "reading").starts_with("by day");
    const bool of_run = field_of(entry, "run_days") != nullptr;
    const auto days = number_of(entry, of_run ? "run_days" : "days");
    const auto rows = number_of(entry, of_run ? "run_rows" : "rows");
    std::string text;
    if (days > 0)
        text = fmt::format("plan: {}, {} before {}, {}{}", counted(days, "day"), counted(rows, "row"), before,
                           by_index ? "by index" : "in one scan: there is no index on the time column",
                           of_run ? ", a transaction a day" : "");
    else if (by_index)
        text = fmt::format("plan: nothing to archive before {}", before);
    else
        text = fmt::format("plan: rows before {}, in one scan: there is no index on the time column", before);
    return with_event(std::move(text), entry, look, indent_of_entries) + "\n";
}

std::string day_line(const log_entry& entry, const text_look& look) {
    const bool restored = entry.event == "day.restored";
    const auto known = number_of(entry, restored ? "rows_present" : "rows_recognised");
    const auto until = text_of(entry, "held_until");
    const auto hold = "on hold until " + until.substr(0, until.find('T'));
    const auto size = short_bytes(static_cast<double>(number_of(entry, "bytes")));
    auto text = text_of(entry, "day");
    if (entry.event == "day.held")
        return with_event(text + "  skipped: restored, and " + hold, entry, look, indent_of_entries) + "\n";
    text += fmt::format("  {:>8} row{}", grouped(number_of(entry, "rows")),
                        number_of(entry, "rows") == 1 ? " " : "s");
    if (entry.event == "day.erased")
        return with_event(
                   text + fmt::format(" erased, {} left: {}", grouped(number_of(entry, "rows_left")), size),
                   entry, look, indent_of_entries) +
               "\n";
    text += fmt::format("  {:>8}  ", size);
    // A table in its place is named by the first line of the run, and most days that return to it are held.
    if (restored && until.empty())
        text += text_of(entry, "table").empty() ? "restored" : "into " + text_of(entry, "table");
    else
        text += restored ? hold : text_of(entry, "file");
    if (entry.event == "day.uploaded" || (restored && entry.message.starts_with("dry run")))
        text += " (dry run)";
    if (known > 0)
        text += fmt::format(", {} were {}", grouped(known), restored ? "there" : "in the file already");
    return with_event(std::move(text), entry, look, indent_of_entries) + "\n";
}

std::string settled_line(const log_entry& entry, const text_look& look) {
    const auto decision = text_of(entry, "decision");
    std::string did = "kept: the run that wrote it had committed";
    if (decision == "remove")
        did = "removed: left by a dry run, or by a run that did not commit";
    else if (decision == "take back")
        did = "took back the last rows: left by a dry run, or by a run that did not commit";
    else if (decision == "restored")
        did = "its rows are back in the table";
    else if (decision == "empty")
        did = "emptied: the rows of the table count";
    return with_event(fmt::format("{}  {}", text_of(entry, "blob"), did), entry, look, indent_of_entries) +
           "\n";
}

std::string task_line(const log_entry& entry, const text_look& look) {
    auto text = fmt::format("{}  {}  {}", text_of(entry, "task"), counted(number_of(entry, "rows"), "row"),
                            short_bytes(static_cast<double>(number_of(entry, "bytes"))));
    if (entry.event == "export.tried")
        text += "  (dry run)";
    if (const auto file = text_of(entry, "file"); !file.empty())
        text += "  " + file;
    if (text_of(entry, "verified") == "false" && entry.event == "export.done")
        text += "  unverified";
    return with_event(std::move(text), entry, look, indent_of_entries) + "\n";
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
    if (field_of(entry, "percent") != nullptr)
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
    if (field_of(entry, "seconds_left") != nullptr)
        add(short_duration(std::chrono::seconds(number_of(entry, "seconds_left"))) + " left");
    return with_event(std::move(text), entry, look, indent_of_entries) + "\n";
}

} // namespace app
