// What the DELETE changed beyond the rows that are in a file, and whether that may be.
#pragma once

#include "db/changed_rows.hpp"
#include "db/delete_effects.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace db {

// What becomes of a run whose DELETE changed rows that are in no file.
enum class side_effects : std::uint8_t { refuse, allow };

// Rows of one table that were changed along with those that were deleted on purpose.
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
    // Its top. No oid: which table it is cannot be told, and each row that changes is beyond what was meant.
    table_name table;
    side_effects policy = side_effects::refuse;
    std::string_view setting; // that allows side effects, for hints
};

// What changed beyond `rows` deleted rows of the table; nothing where the counters do not show those, and so
// cannot be believed.
[[nodiscard]] std::optional<std::vector<side_effect>> beyond(const changed_rows& changed, std::uint32_t root,
                                                             std::uint64_t rows);

// Rows of the table itself that are in no file may never go, rows inserted elsewhere always may: that loses
// nothing. All else is for the policy.
[[nodiscard]] bool may_be(const side_effect& effect, side_effects policy) noexcept;

// The same where nothing is counted, by the catalog alone: those that may not be.
[[nodiscard]] std::vector<effect> not_allowed(const std::vector<effect>& foreseen, std::uint32_t root,
                                              side_effects policy);

// "deleted 2 rows and updated 1 row of public.note"
[[nodiscard]] std::string in_words(const side_effect& effect);

// Whether tables may have got other storage (dropped, truncated, rewritten), which counts no rows.
enum class storage : std::uint8_t { must_stay, may_change };

// Tables whose storage this transaction has replaced or that lost a column, for a person.
[[nodiscard]] awaitable<std::string> replaced_tables(connection& session);

// Throws async::error(precondition) for what may not be, with tables, numbers of rows and what leads there,
// and where the server counts and the table itself did not lose `rows`; returns what went along. Tables that
// inherit from the table count as it. `before` was read before the DELETE, and all constraints have been
// checked since.
[[nodiscard]] awaitable<std::vector<side_effect>> look_at_effects(connection& session, delete_watch watch,
                                                                  const change_counters& before,
                                                                  std::uint64_t rows,
                                                                  storage stored = storage::must_stay);

// Before anything is moved: what the catalog has for a DELETE from this table. Throws
// async::error(precondition) where the server does not count and something in it may not be.
[[nodiscard]] awaitable<std::vector<effect>> foresee_effects(connection& session, delete_watch watch);

} // namespace db
