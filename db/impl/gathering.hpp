// When a COPY is read in bulk. A backend sends 8 KiB at a time; to be woken for each of them cost more than
// the rows.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace db {

// Measured with 100,000 to 1,000,000 rows in one and four sessions (bench/README.md): 128 KiB halve the CPU
// of a row, 32 KiB gain a fifth, 256 KiB no more than 128.
inline constexpr int gathered_size = 128 * 1024;
// What a stream loses at most where it halts. Four milliseconds are 30 MiB/s of such pieces: slower streams
// are read by the clock, 250 times a second.
inline constexpr std::chrono::milliseconds gathered_within{4};

struct copy_progress {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::optional<std::uint64_t> rows_expected; // in all, if that is known
};

// Whether enough is still to come to make waiting for a full batch worthwhile. A short copy, and the end
// of one whose rows are counted, are read as they come.
[[nodiscard]] constexpr bool worth_gathering(const copy_progress& progress) noexcept {
    constexpr std::uint64_t bytes_before =
        std::uint64_t{1024} * 1024; // so the halt at the end is a small part of the whole
    if (!progress.rows_expected)
        return progress.bytes >= bytes_before;
    if (progress.rows == 0 || progress.rows >= *progress.rows_expected)
        return false;
    const auto left = *progress.rows_expected - progress.rows;
    const auto row_size = progress.bytes / progress.rows;
    return row_size > 0 && left > std::uint64_t{2} * gathered_size / row_size;
}

} // namespace db
