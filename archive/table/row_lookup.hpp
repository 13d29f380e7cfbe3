// Asks the table which of the given rows it has: finds them by key and compares their bytes.
// Tested by tests/fault/test_settling.py.
#pragma once

#include "archive/table/sample_seen.hpp"
#include "archive/table/table.hpp"
#include "db/connection.hpp"
#include "lake/folder/folder.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace archive {

// Rows asked for in one query; more make several.
inline constexpr std::size_t rows_per_query = 1'000;

struct wanted_row {
    std::vector<std::string> key; // its fields, in the order of the table's key
    std::uint64_t crc = 0;        // row_crc of the row as COPY writes it
};

enum class row_presence : std::uint8_t {
    absent,
    other_content, // a row has the key, and other bytes
    to_the_letter,
};

// The key's columns of these rows as arrays, for unnest(): '{"1","2"}'::bigint[], …
[[nodiscard]] std::string key_arrays(const table_description& table, std::span<const wanted_row> rows);

// One of these, by its place in the key.
[[nodiscard]] std::string key_array(const table_description& table, std::span<const wanted_row> rows,
                                    std::size_t column);

// What the table has of each row, as the session sees it. `columns`: plain names of those that rows are made
// of. One row of the table counts for one of `rows`. `where`, if not empty, restricts the rows of the table.
// Throws db::error, of class 22 for a key that is not of its type.
[[nodiscard]] awaitable<std::vector<row_presence>> rows_in_table(db::connection& session,
                                                                 const table_description& table,
                                                                 const std::vector<std::string>& columns,
                                                                 std::span<const wanted_row> rows,
                                                                 std::string where = {});

// What the table has of the row that each file's last writer kept as a sample. Inside a transaction. Throws
// async::error(precondition) that names the file whose sample cannot be a key.
[[nodiscard]] awaitable<std::map<const lake::listed_file*, sample_seen>>
look_for_samples(db::connection& session, const table_description& table,
                 const std::vector<const lake::listed_file*>& files, std::string where = {});

} // namespace archive
