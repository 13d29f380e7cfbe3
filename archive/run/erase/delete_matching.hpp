// The rows of the table that match a condition, deleted in a transaction that the caller ends.
// Tested by tests/integration/test_erase.py.
#pragma once

#include "archive/run/erase/erasure.hpp"
#include "archive/run/run_context.hpp"
#include "archive/run/run_transaction.hpp"
#include "db/position.hpp"
#include "db/side_effects.hpp"

#include <cstdint>
#include <vector>

namespace archive {

struct deleted_rows {
    std::uint64_t rows = 0;
    bool hidden = false; // row security may hide others
    std::vector<db::side_effect> went_along;
    db::transaction_mark author; // the transaction that deletes them
};

// `session` is in a transaction of a user's own statements, and `opened` has the table. The rows that DELETE
// returns are compared with those that SELECT shows for the same condition. If they differ, throws
// async::error(integrity). What the DELETE changes beyond them is counted, and refused as `archive` does.
[[nodiscard]] awaitable<deleted_rows> delete_matching(const run_context& context, db::connection& session,
                                                      const run_transaction& opened,
                                                      const erase_request& request);

} // namespace archive
