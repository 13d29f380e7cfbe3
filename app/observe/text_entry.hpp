// An entry of the log for people: lines of a terminal's width, without fields that carry no information.
// Tested by tests/unit/app/observe/text_entry_test.cpp.
#pragma once

#include "async/log.hpp"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace app {

inline constexpr std::size_t indent_of_entries = 4; // of the lines that continue one

struct text_look {
    std::size_t width = 0; // columns of the terminal; 0: lines are not wrapped
    bool colour = false;
    bool in_full = false; // with the fields that the last line of a run repeats
};

struct log_entry {
    async::log_level level = async::log_level::info;
    std::string_view event;
    std::string_view message;
    std::span<const async::log_field> fields;
};

// The text of a field, "" if there is no field of that key. Numbers as digits.
[[nodiscard]] std::string text_of(const log_entry& entry, std::string_view key);
[[nodiscard]] bool has_field(const log_entry& entry, std::string_view key);
// 0 if there is no such number.
[[nodiscard]] std::uint64_t number_of(const log_entry& entry, std::string_view key);

// "02:00:03Z warn a try failed, trying again  what=… pause_ms=…  retry". Control characters become spaces.
// Empty fields and those that are always the same are left out. `time`: "02:00:03". Ends with a newline.
[[nodiscard]] std::string general_lines(const log_entry& entry, std::string_view time, const text_look& look);

// Lines without a time, made of a few facts, and the event's name at the end.
// "archive: app@db:5432/app, public.event older than 1 year"; `place` is what follows in place_line.
[[nodiscard]] std::string start_line(const log_entry& entry, const text_look& look);
// "     to: account/container, by account key": the second line of the same.
[[nodiscard]] std::string place_line(std::string_view command, std::string_view place,
                                     std::string_view identity, const log_entry& entry,
                                     const text_look& look);
// "plan: 21 days, 150,136 rows before 2025-11-29 00:28:03 UTC, …"
[[nodiscard]] std::string plan_line(const log_entry& entry, const text_look& look);
// "2025-11-09    7,500 rows    2.0 MB  created", "2025-11-09  skipped: restored, and on hold until
// 2026-12-30", "2025-11-09       40 rows erased, 7,460 left: 1.9 MB"
[[nodiscard]] std::string day_line(const log_entry& entry, const text_look& look);
// "events_2025-11-09.csv  removed: left by a dry run, or by a run that did not commit"
// The message alone.
[[nodiscard]] std::string sentence_line(const log_entry& entry, const text_look& look);
[[nodiscard]] std::string settled_line(const log_entry& entry, const text_look& look);
// "agency    7,500 rows    2.0 MB  agency_2025-11-09.csv"
[[nodiscard]] std::string task_line(const log_entry& entry, const text_look& look);
// "02:00:03Z warn asking 'db:8002' how it takes events: connection refused; try 2 of 6 in 0.7 s  retry"
[[nodiscard]] std::string retry_line(const log_entry& entry, std::string_view time, const text_look& look);
// "02:00:03Z POST /events/audit 201  33 B  22.7 ms  1691554a": without the event's name, since there are
// many.
[[nodiscard]] std::string request_line(const log_entry& entry, std::string_view time, const text_look& look);
// "02:00:03Z staging: 47%, 70,100 of 150,136 rows, 18.2 MB uploaded, 12 of 21 days, 14 s left"
[[nodiscard]] std::string progress_line(const log_entry& entry, std::string_view time, const text_look& look);
// "done in 3.7 s: archived 150,136 rows of 21 days, 39.3 MB", and what it took in two or three lines more.
[[nodiscard]] std::string summary_lines(const log_entry& entry, const text_look& look);

// The text in lines of the terminal's width, followed by the event's name. The name of a success is left out
// if it would need a line of its own.
[[nodiscard]] std::string with_event(std::string text, const log_entry& entry, const text_look& look,
                                     std::size_t indent);

} // namespace app
