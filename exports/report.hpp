// How a run of one task went.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/error.hpp"
#include "db/side_effects.hpp"

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace exports {

enum class outcome : std::uint8_t {
    exported, // the rows are in the file and gone from the table
    empty,    // select.sql found no row: there is no file
    tried,    // a dry run: exported, and everything rolled back
    failed,   // nothing was deleted, and no file is left, unless `error` says otherwise
};
[[nodiscard]] std::string_view to_string(outcome value) noexcept;

struct task_report {
    std::string task;
    exports::outcome outcome = outcome::failed;
    std::string boundary; // "2025-01-01 00:00:00 Europe/Tallinn"; empty: it did not get that far
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;     // of the file
    std::uint64_t csv_bytes = 0; // before compression
    std::string file;            // its name within the sink; empty: none
    std::string transaction;     // that deleted the rows
    std::chrono::sys_time<std::chrono::milliseconds> began{};
    std::chrono::milliseconds took{0};
    bool verified = false; // the rows deleted were compared with the rows in the file, not their number alone
    std::uint64_t files_settled = 0; // of earlier runs
    std::set<std::string> left;      // other tasks of which earlier runs left files that are to be settled
    std::uint64_t attempts = 0;
    std::string lock_holder; // the session that had the task's lock; empty if it was free again
    std::vector<db::side_effect> went_along; // other rows that the DELETE changed
    std::string error;                       // one sentence; empty unless it failed
    std::string hint;
    async::failure kind = async::failure::unclassified; // of the error
    std::string state;                                  // SQLSTATE of the error, if it has one

    [[nodiscard]] bool failed() const noexcept { return outcome == exports::outcome::failed; }
};

} // namespace exports
