// What a run has done so far, for the progress display and the summary. Written by the job, read by app/.
#pragma once

#include "db/side_effects.hpp"
#include "lake/day.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

enum class run_phase : std::uint8_t {
    connecting,
    settling,
    planning,
    staging,
    restoring,
    deleting,
    publishing,
    committing,
    finishing,
    verifying,
    rewriting,
    done
};
[[nodiscard]] std::string_view to_string(run_phase phase) noexcept;
inline constexpr std::size_t run_phases = static_cast<std::size_t>(run_phase::done) + 1;

// What a run added to one day's file, or took from it into the table.
struct day_outcome {
    lake::file_key file;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;     // as stored
    std::uint64_t csv_bytes = 0; // before compression
    bool appended = false;       // the file was there before
    bool restored = false;       // the rows were taken from it
};

struct run_report {
    using clock = std::chrono::steady_clock;

    run_phase phase = run_phase::connecting;
    // Counts the rows and bytes that are read from 0.
    void read_again() noexcept { rows_read = bytes_read = 0; }
    // Moves to another phase; the time since the last move counts for the one that ends.
    void enter(run_phase next, clock::time_point now = clock::now()) noexcept;
    // Time spent in each phase so far, all attempts and transactions together.
    [[nodiscard]] std::array<clock::duration, run_phases>
    time_by_phase(clock::time_point now = clock::now()) const noexcept;
    // Since the current phase was entered.
    [[nodiscard]] clock::duration time_in_phase(clock::time_point now = clock::now()) const noexcept {
        return now - entered_;
    }
    // The part of the time in staging during which a DELETE of days already read was running.
    clock::duration deleting_beside{};
    // Files of the current phase, if it goes from file to file.
    std::uint64_t files_planned = 0;
    std::uint64_t files_done = 0;

    std::string cutoff; // "2025-11-20 02:00:00.123", UTC

    // Of the current attempt.
    std::uint64_t rows_planned = 0; // an estimate where the table has no index by time
    std::uint64_t days_planned = 0; // 0: not known
    std::uint64_t rows_read = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t days_staged = 0;
    std::uint64_t rows_stored = 0; // of those read: storage has confirmed their block, or had them already

    // Of the whole run. If each day has a transaction of its own, this is more than the attempt's. 0: not
    // known.
    std::uint64_t run_rows_planned = 0;
    std::uint64_t run_days_planned = 0;
    std::uint64_t bytes_stored = 0; // of confirmed blocks, those of attempts that were repeated too

    // Committed (or, in a dry run, uploaded).
    std::uint64_t rows = 0;
    std::uint64_t rows_deleted = 0;
    std::uint64_t rows_recognised = 0; // already in their file: deleted, not written again
    std::uint64_t bytes = 0;
    std::uint64_t days = 0;
    std::uint64_t files_created = 0;
    std::uint64_t files_appended = 0;

    std::uint64_t files_settled = 0;
    std::uint64_t attempts = 0; // whole runs, repeated after a serialization failure
    std::uint64_t rows_dayless = 0;
    // How far the oldest due row was past the cutoff when the run began; nothing until that is known. Without
    // an index by time it is known only once the table has been read, and counts from the row's midnight.
    std::optional<std::chrono::seconds> backlog;
    // Files that the run leaves with uncommitted rows. nullopt before the first look at the folder.
    std::optional<std::uint64_t> files_pending;

    std::vector<db::side_effect> went_along; // other rows that were changed, by table
    // Files that another program deleted or replaced, although their rows are no longer in the
    // table.
    std::vector<std::string> files_lost;

    std::vector<day_outcome> outcomes; // by transaction, then by day

  private:
    clock::time_point entered_ = clock::now();
    std::array<clock::duration, run_phases> spent_{};
};

} // namespace archive
