// How much of a day's file `cat` prints. Pure.
// Tested by tests/unit/archive/look/readable_part_test.cpp.
#pragma once

#include "lake/folder/listed_file.hpp"

#include <cstdint>
#include <optional>

namespace archive {

// Rows whose transaction is not settled may be in the table as well.
enum class unsettled_rows : std::uint8_t { left_out, included };

struct readable_part {
    std::uint64_t end = 0; // in bytes as stored, from the beginning
    // What these bytes must be; nothing where others wrote the file, or wrote to it.
    std::optional<lake::file_record> recorded;
};

// Nothing: the file holds no row to print.
[[nodiscard]] std::optional<readable_part> readable_part_of(const lake::listed_file& file,
                                                            unsettled_rows unsettled);

} // namespace archive
