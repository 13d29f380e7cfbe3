// A task's SQL as the server gets it, and the server's errors about it. Private to this room.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/asio.hpp"
#include "async/error.hpp"
#include "db/error.hpp"
#include "lake/day.hpp"

#include <string>
#include <string_view>

namespace exports {

// The SQL with the boundary in place of its placeholders. The task was checked when it was read: throws
// async::error(precondition) for a mistake.
[[nodiscard]] std::string bound_sql_of(std::string_view sql, lake::day boundary);

// A server's error about a statement of the file. What is wrong with the statement itself (class 42, but for
// missing privileges, and 0A) is a precondition: no other run of the same file can succeed.
[[nodiscard]] db::error about_file(const db::error& failed, std::string_view file);

// Awaits `operation`; the name of the file is put in front of a server's error.
template <typename T>
async::awaitable<T> naming(std::string file, async::awaitable<T> statement) {
    try {
        co_return co_await std::move(statement);
    } catch (const db::error& failed) {
        throw about_file(failed, file);
    } catch (async::error& failed) {
        failed.add_context("'" + file + "'");
        throw;
    }
}

[[noreturn]] void throw_unequal(const std::string& task, std::uint64_t exported, std::string_view did,
                                std::uint64_t other);

} // namespace exports
