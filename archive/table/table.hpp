// What the catalog says of the table and of the server it is on.
// Tested by tests/integration/test_tables.py.
#pragma once

#include "archive/table/named_table.hpp"
#include "archive/table/written_types.hpp"
#include "async/asio.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace archive {

using async::awaitable;

// A column of the key.
struct key_column {
    std::string name;         // plain
    std::string quoted;       // ready for SQL
    std::string type;         // "integer", "text", …
    std::size_t position = 0; // in `columns`
};

struct table_description {
    named_table named;
    std::string name; // quoted and qualified, ready for SQL
    std::vector<std::string> columns;
    std::vector<typed_column> typed; // the same, with the types of today
    type_definitions definitions;    // of these
    std::uint64_t types = 0;         // CRC-64 of their names and types, as a mark records it
    std::uint64_t identity = 0;      // CRC-64 of the types of the time column and of the key
    bool names_in_text = false;      // one is of regclass or the like, written by a name that may change
    std::string time_column;         // quoted
    std::vector<key_column> keys;    // in the order of the setting; never empty
    bool time_has_zone = false;
    bool indexed_by_time = false; // a valid, complete btree index leads with the time column
    bool partitioned = false;
    std::vector<std::uint32_t> members; // OIDs of the tables that hold its rows: itself, or its partitions
    std::uint64_t pages = 0;
    double rows_estimate = 0;
};

// Of the time column, in `columns`.
[[nodiscard]] std::size_t time_position(const table_description& table);
// The places among the columns of the key of those that are of a date or a time: a row that is moved gets
// others, and so another key.
[[nodiscard]] std::vector<std::size_t> moments_in_key(const table_description& table);

// "tableoid = …": true for the rows of this very table. A statement names a table, and ALTER SCHEMA … RENAME
// gives the name to another one without waiting for a lock. `alias` of the table in the statement: "" or
// "t.". Pure.
[[nodiscard]] std::string own_rows(const table_description& table, std::string_view alias = {});

// Whether the key must be unique: in the table that is archived it must, in a copy it need not.
enum class key_demand : std::uint8_t { unique, any };

// `key`: plain names; none: those of the primary key. Throws async::error(precondition) with one clear
// sentence if the table, a column or its type will not do, or if the key is not unique by an index;
// lake::conflict if the name belongs to another table by now; db::error otherwise.
[[nodiscard]] awaitable<table_description> describe_table(db::connection& session, named_table named,
                                                          std::string_view time_column,
                                                          const std::vector<std::string>& key,
                                                          key_demand demand = key_demand::unique);

} // namespace archive
