#include "archive/table/table.hpp"

#include "archive/table/key_choice.hpp"
#include "archive/table/table_shape.hpp"
#include "async/error.hpp"
#include "azure/blob/crc64.hpp"
#include "lake/conflict.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

namespace archive {

namespace {

using async::failure;

// First the reasons that do not depend on the key.
awaitable<void> must_be_of_a_shape(db::connection& session, std::uint32_t table) {
    const auto shape = co_await read_shape(session, table);
    for (auto* const judge : {&shape_mistake, &rule_mistake, &publication_mistake})
        if (auto mistake = judge(shape))
            throw async::error(*std::move(mistake));
}

async::error is_generated(const table_description& table, std::string_view column, std::string_view setting) {
    return {
        failure::precondition,
        fmt::format("column '{}' of {} is generated: it is not in the files, so it cannot tell rows apart",
                    column, table.name),
        fmt::format("Name a column that is stored as it was written with {}.", setting)};
}

std::string hint_of_times(std::span<const table_column> columns) {
    std::vector<std::string> names;
    for (const auto& each : columns)
        if (each.type.starts_with("timestamp "))
            names.push_back("'" + each.name + "'");
    if (names.empty())
        return "Its rows cannot be archived: the table has no column of type timestamp or timestamptz.";
    return fmt::format("Name one of its times with ARCHIVE_TIME_COLUMN: {}.", fmt::join(names, ", "));
}

struct catalog_columns {
    std::vector<table_column> written; // in the files
    std::vector<table_column> generated;
};

// Writes the names and types of the columns into `table`, and returns what the choice of time and key needs.
awaitable<catalog_columns> read_columns(db::connection& session, table_description& table) {
    const std::string oid = std::to_string(table.named.oid);
    const std::array parameters{db::parameter(oid)};
    const auto found = co_await session.query(
        "SELECT attname, format_type(atttypid, NULL), format_type(atttypid, atttypmod), attnum, attnotnull,"
        " attgenerated <> '' FROM pg_attribute"
        " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum",
        parameters);
    catalog_columns columns;
    for (int row = 0; row < found.rows(); ++row) {
        const std::string name(found.text(row, 0));
        const std::string full_type(found.text(row, 2));
        const table_column column{name, std::string(found.text(row, 1)),
                                  static_cast<int>(found.integer(row, 3)), found.boolean(row, 4)};
        if (found.boolean(row, 5)) {
            columns.generated.push_back(column);
            continue;
        }
        columns.written.push_back(column);
        table.columns.push_back(name);
        table.typed.push_back({name, full_type});
    }
    table.definitions = co_await read_definitions(session, table.named.oid);
    table.types = types_checksum(table.typed, table.definitions.text());
    table.names_in_text = table.definitions.names_in_text;
    co_return columns;
}

void choose_time_column(table_description& table, const catalog_columns& columns,
                        std::string_view time_column) {
    const auto found = std::ranges::find(columns.written, time_column, &table_column::name);
    if (found == columns.written.end()) {
        if (std::ranges::count(columns.generated, time_column, &table_column::name) > 0)
            throw is_generated(table, time_column, "ARCHIVE_TIME_COLUMN");
        throw async::error(failure::precondition,
                           fmt::format("table {} has no column '{}'", table.name, time_column),
                           hint_of_times(columns.written));
    }
    if (found->type != "timestamp without time zone" && found->type != "timestamp with time zone")
        throw async::error(failure::precondition,
                           fmt::format("column '{}' of {} is of type {}, not timestamp", time_column,
                                       table.name, found->type),
                           "Name a column of type timestamp or timestamptz with ARCHIVE_TIME_COLUMN.");
    table.time_has_zone = found->type == "timestamp with time zone";
    table.time_column = db::connection::identifier(time_column);
}

awaitable<std::vector<unique_index>> read_unique_indexes(db::connection& session, std::uint32_t table) {
    const std::string oid = std::to_string(table);
    const std::array parameters{db::parameter(oid)};
    // An index of a partitioned table is valid once each partition has it.
    const auto indexes =
        co_await session.query("SELECT i.indkey::text, i.indnkeyatts, i.indisprimary, i.indimmediate AND"
                               " i.indisvalid AND i.indpred IS NULL FROM pg_index i"
                               " WHERE i.indrelid = $1::oid AND i.indisunique ORDER BY i.indexrelid",
                               parameters);
    std::vector<unique_index> unique;
    for (int row = 0; row < indexes.rows(); ++row)
        unique.push_back(
            {columns_of_index(indexes.text(row, 0), static_cast<std::size_t>(indexes.integer(row, 1))),
             indexes.boolean(row, 2), indexes.boolean(row, 3)});
    co_return unique;
}

// `wanted`: see choose_key.
void key_must_be_stored(const table_description& table, const catalog_columns& columns,
                        const std::vector<unique_index>& unique, const std::vector<std::string>& wanted) {
    const auto primary = std::ranges::find(unique, true, &unique_index::primary);
    for (const auto& each : columns.generated) {
        const bool of_primary =
            primary != unique.end() && std::ranges::count(primary->columns, each.number) > 0;
        if (wanted.empty() ? of_primary : std::ranges::count(wanted, each.name) > 0)
            throw is_generated(table, each.name, "ARCHIVE_KEY_COLUMN");
    }
}

// `wanted`: see choose_key.
awaitable<void> choose_key_columns(db::connection& session, table_description& table,
                                   const catalog_columns& columns, const std::vector<std::string>& wanted,
                                   key_demand demand) {
    const auto unique = co_await read_unique_indexes(session, table.named.oid);
    key_must_be_stored(table, columns, unique, wanted);
    auto chosen = choose_key(columns.written, unique, wanted, demand == key_demand::unique);
    if (!chosen.mistake.empty()) {
        co_await must_be_of_a_shape(session, table.named.oid);
        throw async::error(failure::precondition, fmt::format("table {} {}", table.name, chosen.mistake),
                           std::move(chosen.hint));
    }
    std::string told_by = fmt::format("{}\n", table.typed.at(time_position(table)).type);
    for (const auto& name : chosen.names) {
        const auto column = std::ranges::find(columns.written, name, &table_column::name);
        const auto position = static_cast<std::size_t>(column - columns.written.begin());
        table.keys.push_back({name, db::connection::identifier(name), column->type, position});
        told_by += fmt::format("{}\n", table.typed.at(position).type);
    }
    table.identity = azure::crc64(0, std::as_bytes(std::span(told_by)));
}

awaitable<std::vector<std::uint32_t>> members_of(db::connection& session, const table_description& table) {
    std::vector<std::uint32_t> members;
    if (!table.partitioned) {
        members.push_back(table.named.oid);
        co_return members;
    }
    const std::string oid = std::to_string(table.named.oid);
    const auto found = co_await session.query(
        "SELECT relid::oid FROM pg_partition_tree($1::oid::regclass) WHERE isleaf ORDER BY 1",
        std::string_view(oid));
    for (int row = 0; row < found.rows(); ++row)
        members.push_back(static_cast<std::uint32_t>(found.integer(row, 0)));
    co_return members;
}

} // namespace

awaitable<table_description> describe_table(db::connection& session, named_table named,
                                            std::string_view time_column, const std::vector<std::string>& key,
                                            key_demand demand) {
    const std::string oid = std::to_string(named.oid);
    const std::array by_oid{db::parameter(oid), db::parameter(named.schema), db::parameter(named.relation)};
    const auto found = co_await session.query(
        "SELECT n.nspname = $2::name AND c.relname = $3::name, c.relkind,"
        " pg_relation_size(c.oid::regclass) / current_setting('block_size')::bigint, greatest(c.reltuples, "
        "0),"
        " quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid",
        by_oid);
    // The table described here must be the one that LOCK TABLE, which takes names only, has locked.
    if (found.rows() == 0 || !found.boolean(0, 0))
        throw lake::conflict(fmt::format("table {} was renamed or dropped meanwhile", named.text()));
    table_description table;
    table.name = found.text(0, 4);
    table.named = std::move(named);
    const auto kind = found.text(0, 1);
    if (kind != "r" && kind != "p")
        throw async::error(failure::precondition, fmt::format("{} is not a table", table.name));
    table.partitioned = kind == "p";
    table.pages = static_cast<std::uint64_t>(found.integer(0, 2));
    table.rows_estimate = std::stod(std::string(found.text(0, 3)));
    const auto columns = co_await read_columns(session, table);
    choose_time_column(table, columns, time_column);
    co_await choose_key_columns(session, table, columns, key, demand);

    const std::array parameters{db::parameter(oid), db::parameter(time_column)};
    const auto index =
        co_await session.query("SELECT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = "
                               "i.indexrelid JOIN pg_am m ON m.oid = c.relam"
                               " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]"
                               " WHERE i.indrelid = $1::oid AND i.indisvalid AND i.indisready AND i.indpred "
                               "IS NULL AND m.amname = 'btree'"
                               " AND a.attname = $2)",
                               parameters);
    table.indexed_by_time = index.boolean(0, 0);
    table.members = co_await members_of(session, table);
    co_return table;
}

std::string own_rows(const table_description& table, std::string_view alias) {
    // A role that may read only single columns may not read tableoid: PostgreSQL looks the name up once more.
    if (!table.named.may_select_all)
        return fmt::format(
            "{}::pg_catalog.regclass::pg_catalog.oid OPERATOR(pg_catalog.=) {}::pg_catalog.oid",
            db::connection::literal(table.name), table.named.oid);
    if (table.members.size() == 1)
        return fmt::format("{}tableoid OPERATOR(pg_catalog.=) {}::pg_catalog.oid", alias,
                           table.members.front());
    return fmt::format("{}tableoid OPERATOR(pg_catalog.=) ANY ('{{{}}}'::pg_catalog.oid[])", alias,
                       fmt::join(table.members, ","));
}

std::size_t time_position(const table_description& table) {
    const auto found = std::ranges::find(table.columns, table.time_column, [](const std::string& column) {
        return db::connection::identifier(column);
    });
    return static_cast<std::size_t>(found - table.columns.begin());
}

std::vector<std::size_t> moments_in_key(const table_description& table) {
    std::vector<std::size_t> places;
    for (std::size_t at = 0; at < table.keys.size(); ++at)
        if (table.keys[at].type == "date" || table.keys[at].type.starts_with("time"))
            places.push_back(at);
    return places;
}

} // namespace archive
