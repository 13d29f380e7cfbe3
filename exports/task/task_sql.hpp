// A task's SQL as it is sent to the server, and the server's errors about it. Private to this room.
// Tested by tests/integration/test_exports.py.
#pragma once

#include "async/asio.hpp"
#include "async/error.hpp"
#include "db/error.hpp"
#include "lake/day.hpp"

#include <string>
#include <string_view>

namespace exports {

// What is to be done about a mistake in a file of a task.
inline constexpr std::string_view fix_file_hint = "Fix the file; it is read again on every run.";

// The SQL with the boundary in place of its placeholders. Throws async::error(precondition) if the task had a
// mistake when it was read.
[[nodiscard]] std::string bound_sql_of(std::string_view sql, lake::day boundary);

// A server's error about a statement of the file. Its kind is precondition if the statement itself is wrong
// (class 42 except missing privileges, and class 0A): no other run of the same file can succeed.
[[nodiscard]] db::error about_file(const db::error& failed, std::string_view file);

// Awaits `statement`; puts the name of its file in front of a server's error.
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

// The rows of delete.sql cannot be compared with those of select.sql; `why` is a clause.
[[noreturn]] void throw_incomparable(const std::string& task, const std::string& why);
[[noreturn]] void throw_unequal(const std::string& task, std::uint64_t exported, std::string_view did,
                                std::uint64_t other);

} // namespace exports
