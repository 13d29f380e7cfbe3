// A task's SQL as the server gets it, and what the server says of it. Private to this room.
#pragma once

#include "async/asio.hpp"
#include "async/error.hpp"
#include "lake/day.hpp"

#include <string>
#include <string_view>

namespace exports {

// The boundary in its places. The task was checked when it was read: throws async::error(precondition) for a
// mistake.
[[nodiscard]] std::string bound_sql_of(std::string_view sql, lake::day boundary);

// What the server says of a statement is put behind the name of its file.
template <typename T>
async::awaitable<T> naming(std::string file, async::awaitable<T> statement) {
    try {
        co_return co_await std::move(statement);
    } catch (async::error& failed) {
        failed.add_context("'" + file + "'");
        throw;
    }
}

[[noreturn]] void throw_unequal(const std::string& task, std::uint64_t exported, std::string_view did,
                                std::uint64_t other);

} // namespace exports
