// What becomes of a file whose transaction's fate an earlier run left open.
#pragma once

#include "db/fate.hpp"
#include "exports/evidence.hpp"

#include <cstdint>
#include <string_view>

namespace exports {

enum class settle_step : std::uint8_t {
    keep,    // the rows are gone from the table
    discard, // the rows are in the table
    wait,    // the transaction is still running
    person,  // nobody can tell
};
// What the server says of the transaction is believed unless the rows contradict it: after an abort they are
// in the table, after a commit they are not. `same_server`: it has run ever since the mark was written, and
// has given the number to nobody else. Then an abort stands where rows were changed since, or none are known;
// on another server it needs a row that bears it out.
[[nodiscard]] settle_step decide_settling(db::fate of_transaction, rows_seen rows, bool same_server) noexcept;

} // namespace exports
