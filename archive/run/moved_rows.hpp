// Rows that a file has, and that are due on another day than the file's.
#pragma once

#include "archive/run/archive_transaction.hpp"
#include "archive/run/run_context.hpp"
#include "lake/mark.hpp"

#include <cstdint>
#include <set>

namespace archive {

// How the rows of a file, if somebody put them back into the table, are found among rows that are due on
// other days: pure.
enum class moved_look : std::uint8_t {
    none,       // the day and the key of a row are told as when the file was written
    by_key,     // the day is told otherwise, and the key finds the row
    impossible, // the key is told otherwise as well
};
[[nodiscard]] moved_look choose_look(const lake::file_record& file, const table_description& table) noexcept;

// True if one of the days is as near as another time zone, or another precision, moves a row.
[[nodiscard]] bool is_near(lake::day which, const std::set<lake::day>& due) noexcept;

// Once rows are staged, before any is deleted. Throws async::error(integrity) if a row that is due has the
// key of a row of another day's file: of one on hold, of one that another shard restored, or of one near to a
// day that is due, since whose writing the time column or the key got another type. Files on hold are read
// only if the table lacks one of the rows that were put back.
[[nodiscard]] awaitable<void> must_not_have_moved(const run_context& context,
                                                  const archive_transaction& work);

} // namespace archive
