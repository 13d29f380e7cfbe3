// Our own search_path. The task's SQL keeps its search_path; our queries have one to which others cannot add
// an operator. Private to this room.
// Tested by tests/fault/test_planted_names.py.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <string>

namespace exports {

// Sets it until the transaction ends, or until `give_path_back`. Returns the path that was set before.
[[nodiscard]] inline async::awaitable<std::string> take_own_path(db::connection& session) {
    const auto theirs = co_await session.query("SELECT pg_catalog.current_setting('search_path')");
    co_await session.execute("SET LOCAL search_path = pg_catalog, pg_temp");
    co_return std::string(theirs.text(0, 0));
}

[[nodiscard]] inline async::awaitable<void> give_path_back(db::connection& session, std::string path) {
    static_cast<void>(co_await session.query(
        "SELECT pg_catalog.set_config('search_path', $1::pg_catalog.text, true)", path));
}

} // namespace exports
