// Which server this is, and how far it has come: what makes the number of a transaction mean something later.
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
    // When it was started, in microseconds since 1970; 0: not known. Nobody puts a running server back.
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
// Throws async::error(refused), with the GRANT, where the server's identity is hidden: no mark can be written
// then, and none settled.
void must_be_identified(const server_position& position);

// "0/16B3748" as bytes.
[[nodiscard]] std::uint64_t parse_lsn(std::string_view text);

} // namespace db
