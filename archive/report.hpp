// What a run has done so far, for the progress display and the summary. Written by the job, read by app/.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

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
    done
};
[[nodiscard]] std::string_view to_string(run_phase phase) noexcept;

struct run_report {
    run_phase phase = run_phase::connecting;
    std::string cutoff; // "2025-11-20 02:00:00.123", UTC

    // Of the attempt at hand.
    std::uint64_t rows_planned = 0; // an estimate where the table has no index by time
    std::uint64_t days_planned = 0; // 0: not known
    std::uint64_t rows_read = 0;
    std::uint64_t bytes_read = 0;
    std::uint64_t days_staged = 0;

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
};

} // namespace archive
