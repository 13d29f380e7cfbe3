// The lines of a run: where it begins, what it plans, what became of each day, file and task.
// Tested by tests/unit/app/observe/text_entry_test.cpp.
#include "app/observe/text_entry.hpp"
#include "app/text/units.hpp"

#include <fmt/format.h>

namespace app {

namespace {

// "2025-11-29 00:28:03.066294" without the fraction.
std::string to_seconds(const std::string& moment) { return moment.substr(0, moment.find('.')); }

} // namespace

std::string start_line(const log_entry& entry, const text_look& look) {
    const auto command = std::string(entry.message.substr(0, entry.message.find(' ')));
    auto text = fmt::format("{}: {}", command, text_of(entry, "database"));
    if (const auto table = text_of(entry, "table"); !table.empty())
        text += ", " + table;
    if (const auto into = text_of(entry, "into"); !into.empty())
        text += ", into " + into;
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
    const bool of_run = has_field(entry, "run_days");
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
    if (restored && until.empty())
        text += text_of(entry, "in_place") == "true" ? "not on hold" : "into " + text_of(entry, "table");
    else
        text += restored ? hold : text_of(entry, "file");
    if (entry.event == "day.uploaded" || (restored && entry.message.starts_with("dry run")))
        text += " (dry run)";
    if (known > 0)
        text += fmt::format(", {} were {}", grouped(known), restored ? "there" : "in the file already");
    return with_event(std::move(text), entry, look, indent_of_entries) + "\n";
}

std::string sentence_line(const log_entry& entry, const text_look& look) {
    return with_event(std::string(entry.message), entry, look, indent_of_entries) + "\n";
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

} // namespace app
