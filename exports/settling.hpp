// What becomes of a file whose transaction's fate an earlier run left open.
#pragma once

#include "archive/decisions.hpp"

#include <cstdint>
#include <string_view>

namespace exports {

enum class settle_step : std::uint8_t {
    keep,    // the rows are gone from the table
    discard, // the rows are in the table
    wait,    // the transaction is still running
    person,  // nobody can tell
};
// There is no looking at rows here, as for the archive: what an export's rows are, only its SQL says.
[[nodiscard]] settle_step decide_settling(archive::fate of_transaction) noexcept;

} // namespace exports
