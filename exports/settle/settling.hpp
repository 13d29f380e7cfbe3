// The decision about a file of an earlier run whose transaction has an unknown outcome.
#pragma once

#include "db/fate.hpp"
#include "exports/settle/evidence.hpp"

#include <cstdint>
#include <string_view>

namespace exports {

enum class settle_step : std::uint8_t {
    keep,    // the rows are gone from the table
    discard, // the rows are in the table
    wait,    // the transaction is still running
    person,  // only a person can decide
};
// The server's answer counts unless the rows contradict it: after an abort they are in the table, after a
// commit they are not. `same_server`: the server has run ever since the mark was written, and has not given
// the number to another transaction. Then "aborted" counts even if rows were changed since, or if no rows are
// known. A server that was started again may have been put back to a moment before the file's last rows:
// there each row of the file must be in the table.
[[nodiscard]] settle_step decide_settling(db::fate of_transaction, rows_seen rows, bool same_server) noexcept;

} // namespace exports
