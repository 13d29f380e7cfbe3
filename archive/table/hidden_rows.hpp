// Rows that a session does not see prove nothing: row security is in force for it, or the DETACH CONCURRENTLY
// of a partition was cancelled.
// Tested by tests/integration/test_hidden_rows.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace archive {

using async::awaitable;

// A partition whose rows no query sees, because its DETACH CONCURRENTLY was cancelled.
struct unfinished_detach {
    std::string partition; // both quoted and qualified
    std::string from;
};
[[nodiscard]] std::string sentence_of(const unfinished_detach& detach);
[[nodiscard]] std::string statement_to_finish(const unfinished_detach& detach);

// Of the table and of all partitions below it.
[[nodiscard]] awaitable<std::vector<unfinished_detach>> find_unfinished(db::connection& session,
                                                                        std::uint32_t table);

// Whether the table may have rows that this session does not see.
[[nodiscard]] awaitable<bool> may_hide_rows(db::connection& session, std::uint32_t table);

} // namespace archive
