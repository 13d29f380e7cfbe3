// A file of SQL that a person wrote.
// Tested by tests/unit/exports/task/task_test.cpp.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

namespace db {

// Larger files are a mistake: they hold data instead of SQL.
inline constexpr std::size_t sql_bytes_max = std::size_t{1} << 20;

struct sql_file {
    std::string text;    // verbatim, always UTF-8 without NUL; empty where the file could not be read
    std::string mistake; // a clause without a subject, "is empty"; or empty
};

// Blocks.
[[nodiscard]] sql_file read_sql_file(const std::filesystem::path& path);

} // namespace db
