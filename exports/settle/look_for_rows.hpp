// Whether the table has the rows that a file's mark keeps as evidence.
// Tested by tests/unit/exports/settle/look_for_rows_test.cpp and tests/fault/test_export_evidence.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"
#include "exports/settle/evidence.hpp"

#include <cstddef>
#include <string>

namespace exports {

using async::awaitable;

// How many of the rows of the evidence the table has. All are 0 if the mark has no evidence.
struct evidence_look {
    std::size_t same = 0;    // as the file has them
    std::size_t changed = 0; // their keys, with other content
    std::size_t absent = 0;  // not even their keys
    // The look has ended early: the evidence cannot be read, or the table is gone or has other columns now.
    bool cut_short = false;
};

// `evidence`: the text in the mark. Needs an open transaction, and leaves it usable.
[[nodiscard]] awaitable<evidence_look> look_for_rows(db::connection& session, std::string evidence);

[[nodiscard]] rows_seen rows_seen_in(const evidence_look& look) noexcept;
// The rows that are certainly missing from the table: a look that was cut short proves nothing.
[[nodiscard]] std::size_t rows_missing_in(const evidence_look& look) noexcept;

} // namespace exports
