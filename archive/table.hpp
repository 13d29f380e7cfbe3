// What the catalog says of the table and of the server it is on.
#pragma once

#include "archive/named_table.hpp"
#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace archive {

using async::awaitable;

struct table_description {
    named_table named;
    std::uint32_t oid = 0;
    std::string name;     // quoted and qualified, ready for SQL
    std::string schema;   // raw
    std::string relation; // raw
    std::vector<std::string> columns;
    std::uint64_t types = 0;      // CRC-64 of their names and types, as a mark records it
    std::string time_column;      // quoted
    std::string key_column;       // quoted
    std::size_t key_position = 0; // in `columns`
    std::string key_type;         // "integer", "text", …
    bool time_has_zone = false;
    bool indexed_by_time = false; // a valid, complete btree index leads with the time column
    bool partitioned = false;
    std::uint64_t pages = 0;
    double rows_estimate = 0;
};

// Whose transaction numbers these are, and how far it has come.
struct server_position {
    std::string
        cluster; // system identifier; empty if the role may not see it: equal to no other, not even itself
    std::string database; // oid
    std::uint32_t timeline = 0;
    std::uint64_t lsn = 0; // write-ahead log position, in bytes
    bool operator==(const server_position&) const = default;
};

// Throw async::error(precondition) with one clear sentence if the table, a column or its type will not do, or
// the server is a read-only standby; db::error otherwise. `conflict` if the name belongs to another table by
// now.
[[nodiscard]] awaitable<table_description> describe_table(db::connection& session, named_table named,
                                                          std::string_view time_column,
                                                          std::string_view key_column);
[[nodiscard]] awaitable<server_position> position_of(db::connection& session);
// Throws async::error(refused), with the GRANT, where the server's identity is hidden: no mark can be written
// then, and none settled.
void must_be_identified(const server_position& position);

// "0/16B3748" as bytes.
[[nodiscard]] std::uint64_t parse_lsn(std::string_view text);

} // namespace archive
