// Asks the table which of some rows it has, by key.
#pragma once

#include "archive/mark.hpp"
#include "archive/table.hpp"
#include "db/connection.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace archive {

// Keys asked for in one query; more make several.
inline constexpr std::size_t keys_per_query = 1'000;

// Those of `keys` that a row of the table has, as the session sees it. `where`, if not empty, narrows the
// rows that count; without an index on the key it saves the server a pass over the whole table.
[[nodiscard]] awaitable<std::vector<std::string>> keys_in_table(db::connection& session,
                                                                const table_description& table,
                                                                const std::vector<std::string>& keys,
                                                                std::string where = {});

// True if the file's last writer kept a sample, of this table and of the column that is its key today.
[[nodiscard]] bool has_sample_of(const file_mark& mark, const table_description& table);

} // namespace archive
