// Mistakes in a folder, or in the marks of its files, that keep `archive` from working. Decided from the
// listing, for `archive`, `plan` and `check` alike. Pure functions.
#pragma once

#include "archive/table/table.hpp"
#include "async/error.hpp"
#include "lake/folder/folder.hpp"
#include "lake/folder/treatment.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

namespace archive {

// How rows of a file that were put back into the table are found among rows that are due on other days.
enum class moved_look : std::uint8_t {
    none,       // the day and the key of a row are written as when the file was written
    by_key,     // the day is written in another way, and the key finds the row
    impossible, // the key is written in another way as well
};
[[nodiscard]] moved_look choose_look(const lake::file_record& file, const table_description& table) noexcept;
// True if the day is so close to one of `due` that another time zone, or another precision, may move a row
// there.
[[nodiscard]] bool is_near(lake::day which, const std::set<lake::day>& due) noexcept;
// The error for a file close to a day that is due, whose rows cannot be found in the table by their keys.
[[nodiscard]] async::error cannot_be_told(const lake::listed_file& file, const table_description& table);
extern const std::string_view other_types_hint;

// A mark that cannot be read: it may hide a pending tail.
[[nodiscard]] std::optional<async::error> mark_mistake(const lake::listed_file& file);
// Rows lie in the file of the day that this column gave them. If the table no longer has the column of the
// mark, it was renamed.
[[nodiscard]] std::optional<async::error>
time_mistake(const lake::listed_file& file, const table_description& table, std::string_view column);
// Of a file with our mark and rows due for it: the table has other columns now.
[[nodiscard]] std::optional<lake::refusal> columns_mistake(const lake::listed_file& file,
                                                           std::uint64_t header_crc);

// All mistakes that end a run which has rows of these days.
[[nodiscard]] std::vector<async::error> folder_mistakes(const lake::file_map& files,
                                                        const table_description& table,
                                                        std::string_view time_column,
                                                        const std::set<lake::day>& due);

} // namespace archive
