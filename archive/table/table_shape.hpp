// The parts of the catalog that make it impossible to take a table's rows out, or to put them back. Asked
// before the first byte moves.
// Tested by tests/integration/test_table_shapes.py.
#pragma once

#include "archive/table/hidden_rows.hpp"
#include "async/asio.hpp"
#include "async/error.hpp"
#include "db/connection.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace archive {

using async::awaitable;

// The table, or what belongs to it by partitioning or inheritance at any depth.
struct table_part {
    std::string name;         // quoted and qualified
    char kind = 'r';          // of pg_class: 'r' table, 'p' partitioned, 'f' foreign
    bool inherits = false;    // by INHERITS, itself or what it is a partition of
    bool own_columns = false; // that the table above it lacks
    bool unlogged = false;
    std::string delete_rules; // quoted names; empty: none
    std::string publication;  // that publishes its deletes while it has no replica identity; empty: none
    // One that publishes them by a row filter or a list of columns which does not fit the replica identity.
    std::string narrow_publication = {};
};

struct table_shape {
    std::vector<table_part> parts; // the table itself first
    std::vector<unfinished_detach> unfinished;
    std::string role; // quoted
    bool may_delete = true;
    bool may_insert = true;
};

[[nodiscard]] awaitable<table_shape> read_shape(db::connection& session, std::uint32_t table);

// --- Pure judgements: an error with one sentence and what to do, or nothing ---

// Inheritance and foreign tables: rows would lose columns or their place, or be deleted on another server.
[[nodiscard]] std::optional<async::error> shape_mistake(const table_shape& shape);
[[nodiscard]] std::optional<async::error> rule_mistake(const table_shape& shape);
// A publication for which the server would refuse the DELETE.
[[nodiscard]] std::optional<async::error> publication_mistake(const table_shape& shape);
[[nodiscard]] std::optional<async::error> missing_right(const table_shape& shape, bool granted,
                                                        std::string_view privilege);
// A move back that a crash of the server would undo: it empties an unlogged table.
[[nodiscard]] std::optional<async::error> unlogged_mistake(const table_shape& shape);

// Throw the first of these errors for an archive: of reading, then of deleting. `rows_deleted`: by DELETE,
// not with their partitions alone.
void must_have_shape(const table_shape& shape);
void must_be_deletable(const table_shape& shape, bool rows_deleted);
// The same for a restore in place.
void must_take_rows_back(const table_shape& shape);

} // namespace archive
