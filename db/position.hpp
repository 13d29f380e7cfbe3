// Which server this is, and how far its log has come. Without these the number of a transaction means nothing
// later.
#pragma once

#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace db {

// Whose transaction numbers these are, and how far it has come.
struct server_position {
    std::string
        cluster; // system identifier; empty if the role may not see it: equal to no other, not even itself
    std::string database; // oid
    std::uint32_t timeline = 0;
    std::uint64_t lsn = 0; // write-ahead log position, in bytes
    // When it was started, in microseconds since 1970; 0: not known.
    std::uint64_t started = 0;
    bool operator==(const server_position&) const = default;
};

// A transaction of a run.
struct transaction_mark {
    std::string run;
    std::string transaction;
    server_position position;
    bool operator==(const transaction_mark&) const = default;
};

// Throws async::error(precondition) where the server is a read-only standby; db::error otherwise.
[[nodiscard]] awaitable<server_position> position_of(connection& session);
// The cluster and the database alone; also of a standby, which has them of its primary.
[[nodiscard]] awaitable<server_position> database_of(connection& session);
// Throws async::error(refused), with the GRANT, where the server's identity is hidden: no mark can be written
// then, and none settled.
void must_be_identified(const server_position& position);

// How the server at `now` stands to the one that was at `then`.
enum class history : std::uint8_t {
    same,     // it has everything that was committed by `then`
    behind,   // `then` is further on: it is a copy of an earlier moment, or was put back to one
    branched, // it is on a later timeline: it was promoted or restored, and may have lost the last commits
    foreign,  // it is another cluster or database, or one of the two is hidden
};
[[nodiscard]] history compare_histories(const server_position& then, const server_position& now) noexcept;
// True if both are of one database of one cluster, at whatever time. False if one of the two is hidden.
[[nodiscard]] bool same_database(const server_position& one, const server_position& other) noexcept;
// True if both are of one database of one server that has not been started again between the two: a running
// server cannot be put back.
[[nodiscard]] bool same_server(const server_position& then, const server_position& now) noexcept;
// Throws async::error(temporary) if `session` is of another server than `position`, started since or a copy:
// a name, or a pooler, may lead to several.
[[nodiscard]] awaitable<void> must_be_of_server(connection& session, server_position position);

// "0/16B3748" as bytes.
[[nodiscard]] std::uint64_t parse_lsn(std::string_view text);

} // namespace db
