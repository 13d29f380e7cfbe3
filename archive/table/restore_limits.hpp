// The parts of a table's definition that let rows be archived which `restore` could not bring back. `check`
// and `plan` report them. Nothing is refused, because the rows are in the files.
// Tested by tests/integration/test_restore_limits.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace archive {

struct restore_limit {
    std::string words;
    std::string remedy;
};

// `name` is the table's, quoted and qualified.
[[nodiscard]] async::awaitable<std::vector<restore_limit>>
restore_limits(db::connection& session, std::uint32_t table, std::string name);

// Quoted names of its CHECK constraints that old rows may violate: NOT VALID.
[[nodiscard]] async::awaitable<std::vector<std::string>> unproven_checks(db::connection& session,
                                                                         std::uint32_t table);

} // namespace archive
