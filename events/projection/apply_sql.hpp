// Splits an apply.sql into statements, and refuses those that would end the transaction they run in, or
// have an effect after it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace events {

// $1 json, $2 timestamptz[], $3 text[], $4 bigint, $5 json[], $6 uuid[], $7 tstzrange[], $8 text.
inline constexpr std::size_t batch_parameters = 8;

struct apply_sql {
    std::string file; // for errors: "totals/apply.sql"; empty: not known
    std::vector<std::string> statements;
    std::array<bool, batch_parameters> uses{}; // of each parameter, from $1
    std::string mistake;                       // "line 3: …"; empty: none

    // True if $4 is used: it says where the batch begins, so no event may be left out in between.
    [[nodiscard]] bool needs_positions() const noexcept { return uses[3]; }
};

[[nodiscard]] apply_sql read_apply_sql(std::string_view sql);

// Why `sql` cannot run as a migration, in a transaction that is ended elsewhere: "line 3: …".
[[nodiscard]] std::string migration_mistake(std::string_view sql);

} // namespace events
