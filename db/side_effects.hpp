// What the DELETE changed beyond the rows that are in a file, and whether that is allowed.
#pragma once

#include "db/changed_rows.hpp"
#include "db/delete_effects.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace db {

// What becomes of a run whose DELETE changed rows that are in no file.
enum class side_effects : std::uint8_t { refuse, allow };

// Rows of one table that were changed along with the rows that were to be deleted.
struct side_effect {
    table_name table; // the one at the top, of a partition
    bool own = false; // the table that rows were deleted from
    std::uint64_t inserted = 0;
    std::uint64_t updated = 0;
    std::uint64_t deleted = 0;
    bool operator==(const side_effect&) const = default;
};

// How a DELETE is watched.
struct delete_watch {
    // The table at the top of its partitions. No oid: the table is not known, and each row that changes
    // counts as a side effect.
    table_name table;
    side_effects policy = side_effects::refuse;
    std::string_view setting; // that allows side effects, for hints
};

// What changed beyond `rows` deleted rows of the table; nullopt if the counters do not show those rows: then
// they cannot be trusted.
[[nodiscard]] std::optional<std::vector<side_effect>> beyond(const changed_rows& changed, std::uint32_t root,
                                                             std::uint64_t rows);
// The same for `rows` rows of the table that were `counted`: &side_effect::deleted, &side_effect::inserted.
[[nodiscard]] std::optional<std::vector<side_effect>> beyond_counted(const changed_rows& changed,
                                                                     std::uint32_t root, std::uint64_t rows,
                                                                     std::uint64_t side_effect::*counted);

// Deleting rows of the table itself that are in no file is never allowed. Inserting rows elsewhere always is:
// it loses nothing. The policy decides about the rest.
[[nodiscard]] bool may_be(const side_effect& effect, side_effects policy) noexcept;

// For a server that does not count, decided from the catalog: the effects in it that are not allowed.
[[nodiscard]] std::vector<effect> not_allowed(const std::vector<effect>& foreseen, std::uint32_t root,
                                              side_effects policy);

// "deleted 2 rows and updated 1 row of public.note"
[[nodiscard]] std::string in_words(const side_effect& effect);

// Whether tables may have got other storage (dropped, truncated, rewritten), which counts no rows.
enum class storage : std::uint8_t { must_stay, may_change };

// All that inherit from the table, over any number of generations, and itself: partitions among them.
[[nodiscard]] awaitable<std::set<std::uint32_t>> heirs_of(connection& session, std::uint32_t table);

// Tables whose storage this transaction has replaced or that lost a column, for a person.
[[nodiscard]] awaitable<std::string> replaced_tables(connection& session);

// Throws async::error(precondition) for changes that are not allowed, with tables, numbers of rows and
// causes, and where the server counts and the table itself did not lose `rows`; returns the changes that are
// allowed. Tables that inherit from the table count as it. `before` was read before the DELETE, and all
// constraints have been checked since.
[[nodiscard]] awaitable<std::vector<side_effect>> look_at_effects(connection& session, delete_watch watch,
                                                                  const change_counters& before,
                                                                  std::uint64_t rows,
                                                                  storage stored = storage::must_stay);

// Before anything is moved: what a DELETE from this table may change, by the catalog. Throws
// async::error(precondition) where the server does not count and one of these effects is not allowed.
[[nodiscard]] awaitable<std::vector<effect>> foresee_effects(connection& session, delete_watch watch);

} // namespace db
