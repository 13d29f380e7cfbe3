// What `archive` would do if it ran now. Takes no lock, writes no mark, creates no container.
// Tested by tests/integration/test_plan.py.
#pragma once

#include "archive/look/inventory.hpp"
#include "archive/plan/plan.hpp"
#include "archive/plan/size_estimate.hpp"
#include "archive/report.hpp"
#include "archive/settings.hpp"
#include "db/session_scope.hpp"
#include "lake/folder/folder.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace archive {

// What becomes of a day's file.
enum class file_action : std::uint8_t {
    create,
    append,
    recognise, // it was restored: rows that it has already are deleted, others appended
    adopt,     // others wrote it, or to it: it is read once, then appended to
    convert,   // it is an append blob: it is made a block blob first
    settle, // its last rows, or its conversion, are not final: they are settled first, then it is appended to
    refuse, // it is in the way: the run would end with exit code 3
};
[[nodiscard]] std::string_view to_string(file_action action) noexcept;
// `file`: null where the day has no file.
[[nodiscard]] file_action action_for(const archived_file* file) noexcept;

struct forecast_day {
    lake::day which;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0; // of CSV, estimated
    std::string name;        // of the blob
    file_action action = file_action::create;
    std::string note = {}; // why it is refused or adopted
};

struct forecast {
    std::string cutoff; // UTC
    std::string table;
    reading how = reading::by_day;
    std::vector<forecast_day> days;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    row_size size;               // what `bytes` was estimated from
    std::uint64_t days_left = 0; // due, but beyond --max-days or --max-rows
    std::uint64_t rows_left = 0;
    std::uint64_t rows_dayless = 0; // at -infinity or before year 1: they stay
    std::vector<lake::day> held;    // restored days that stay for now
    std::uint64_t files_pending = 0;
    bool container_exists = false;
    std::vector<std::string> refusals;       // what ends every run, whichever days it takes
    std::vector<std::string> side_effects;   // that the DELETE may have, as the catalog has it
    std::vector<std::string> restore_limits; // what may keep archived rows from coming back
    std::chrono::seconds duration{};
    std::uint64_t memory = 0;
};

struct look_context {
    const archive::settings& settings;
    db::database_access database;
    lake::folder& lake;
    run_report& report;
};

// Throws as `archive` would where a precondition is missing.
[[nodiscard]] awaitable<forecast> look_ahead(look_context context);

} // namespace archive
