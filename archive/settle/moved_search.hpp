// Where a file has a row whose key the table lacks: which rows of the table may be that row, under another
// key. docs/protocol.md, "A row under another key". Pure functions.
// Tested by tests/fault/test_moved_keys.py.
#pragma once

#include "archive/table/named_table.hpp"
#include "db/position.hpp"
#include "lake/mark/mark.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace archive {

inline constexpr std::size_t keys_shown = 20; // in a message

struct moved_search {
    // The rows that were written since the file's rows were there, as a condition in SQL. Empty: it is not
    // known of any row, and all count.
    std::string since;
    // Of these, the rows asked for the rest of the key, which no second row may have. Empty: all.
    std::string where;
    // Of these, the rows asked whether they are alike in all but the key and the time. nullopt: none.
    std::optional<std::string> alike;
    // True for rows of the file's own day. There a row keeps all columns of the key but its times.
    std::string own_day;
    // A row with the same rest of the key is enough, however many have it.
    bool any = false;
    // Columns have had other types since: rows that differ in their bytes may be alike.
    bool other_types = false;
};

// Written after that transaction, which wrote rows of a file, by others than `restores`. Empty where the
// history of the server at `here` does not tell, or where the role may not read xmin.
[[nodiscard]] std::string written_since(const db::transaction_mark& author, const named_table& table,
                                        const db::server_position& here,
                                        const std::vector<db::transaction_mark>& restores = {});

// For a restored file, before rows that are `due` (a condition in SQL) are archived. Where it is not known
// which rows are new, those that are not due are left alone.
enum class look_in : std::uint8_t { whole_table, rows_that_are_due };
[[nodiscard]] moved_search search_of_restored(std::string since, std::string due, look_in where);

// For settling a file that waits for a transaction. Nothing is given up for what it finds: a file that is
// marked as restored without need does no harm, and a pending tail is left to a person.
[[nodiscard]] std::optional<moved_search> moved_since(const lake::file_mark& mark, const named_table& table,
                                                      const db::server_position& here);

} // namespace archive
