// What `erase` is asked for, and what it did: the content of its receipt.
// Tested by tests/unit/archive/run/erase/file_rewriter_test.cpp.
#pragma once

#include "lake/day_range.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace archive {

struct erase_request {
    std::string where;    // a condition in SQL; rows for which it is true go
    lake::day_range days; // of files and of the table; both ends open: all files, and the whole table
    bool yes = false;     // otherwise it only counts
};

// A file as it was read, or as it was written.
struct file_content {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0; // as stored
    std::uint64_t crc = 0;   // CRC-64 of these
    bool operator==(const file_content&) const = default;
};

struct erased_file {
    std::string name; // with the folder
    lake::day which;
    std::uint64_t rows = 0; // that match
    file_content before;
    file_content after; // the same as before where nothing was erased
};

struct erasure {
    std::string condition_sha256;
    bool done = false;                // false: only counted
    bool verified = false;            // everything in reach was read again, and no row matches
    bool hidden = false;              // row security may hide rows of the table
    std::vector<std::string> missing; // files that a person has moved away; with their rows, if any
    std::uint64_t files_read = 0;
    std::uint64_t rows_of_table = 0;
    std::vector<erased_file> files; // those with rows that match, by day

    [[nodiscard]] std::uint64_t rows_of_files() const noexcept;
};

// A file that was rewritten again, because more rows matched meanwhile, stays one entry. Pure.
void note_erased(erasure& all, const erased_file& more);

} // namespace archive
