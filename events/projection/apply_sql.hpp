// The statements of an apply.sql: told apart, and refused where they would end the transaction that they are
// run in, or outlive it.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace events {

// $1 json, $2 timestamptz[], $3 text[], $4 bigint, $5 json[], $6 uuid[], $7 tstzrange[].
inline constexpr std::size_t batch_parameters = 7;

struct apply_sql {
    std::vector<std::string> statements;
    std::array<bool, batch_parameters> uses{}; // of each parameter, from $1
    std::string mistake;                       // "line 3: …"; empty: none

    // $4 says where the batch begins, and that no event between is left out.
    [[nodiscard]] bool needs_positions() const noexcept { return uses[3]; }
};

[[nodiscard]] apply_sql read_apply_sql(std::string_view sql);

// What keeps `sql` from being run as a migration, in a transaction that is ended elsewhere: "line 3: …".
[[nodiscard]] std::string migration_mistake(std::string_view sql);

} // namespace events
