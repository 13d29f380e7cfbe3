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
        return "ARCHIVE_TIME_COLUMN names a column of type timestamp or timestamptz: the table has none.";
    return fmt::format("Name one of its times with ARCHIVE_TIME_COLUMN: {}.", fmt::join(names, ", "));
}

awaitable<void> read_columns(db::connection& session, table_description& table, std::string_view time_column,
                             const std::vector<std::string>& key, key_demand demand) {
    const std::string oid = std::to_string(table.oid);
    const std::array parameters{db::parameter(oid)};
    const auto found = co_await session.query(
        "SELECT attname, format_type(atttypid, NULL), format_type(atttypid, atttypmod), attnum, attnotnull"
        " FROM pg_attribute"
        " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        parameters);
    std::string time_type;
    std::vector<table_column> columns;
    for (int row = 0; row < found.rows(); ++row) {
        const auto name = found.text(row, 0);
        if (name == time_column)
            time_type = found.text(row, 1);
        columns.push_back({std::string(name), std::string(found.text(row, 1)),
                           static_cast<int>(found.integer(row, 3)), found.boolean(row, 4)});
        table.columns.emplace_back(name);
        table.typed.push_back({std::string(name), std::string(found.text(row, 2))});
    }
    table.definitions = co_await read_definitions(session, table.oid);
    table.types = types_checksum(table.typed, table.definitions.text());
    table.names_in_text = table.definitions.names_in_text;
    const auto generated = co_await session.query("SELECT attname, attnum FROM pg_attribute WHERE attrelid = "
                                                  "$1::oid AND attnum > 0 AND attgenerated <> ''",
                                                  parameters);
    if (time_type.empty()) {
        for (int row = 0; row < generated.rows(); ++row)
            if (generated.text(row, 0) == time_column)
                throw is_generated(table, time_column, "ARCHIVE_TIME_COLUMN");
        throw async::error(failure::precondition,
                           fmt::format("table {} has no column '{}'", table.name, time_column),
                           hint_of_times(columns));
    }
    if (time_type != "timestamp without time zone" && time_type != "timestamp with time zone")
        throw async::error(
            failure::precondition,
            fmt::format("column '{}' of {} is of type {}, not timestamp", time_column, table.name, time_type),
            "Name a column of type timestamp or timestamptz with ARCHIVE_TIME_COLUMN.");
    table.time_has_zone = time_type == "timestamp with time zone";
    table.time_column = db::connection::identifier(time_column);

    // An index of a partitioned table is valid once each partition has it. $1::oid as above.
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
    const auto primary = std::ranges::find(unique, true, &unique_index::primary);
    for (int row = 0; row < generated.rows(); ++row) {
        const auto name = generated.text(row, 0);
        const auto number = static_cast<int>(generated.integer(row, 1));
        const bool of_key = key.empty()
                                ? primary != unique.end() && std::ranges::count(primary->columns, number) > 0
                                : std::ranges::count(key, name) > 0;
        if (of_key)
            throw is_generated(table, name, "ARCHIVE_KEY_COLUMN");
    }
    auto chosen = choose_key(columns, unique, key, demand == key_demand::unique);
    if (!chosen.mistake.empty())
        co_await must_be_of_a_shape(session, table.oid);
    if (!chosen.mistake.empty())
        throw async::error(failure::precondition, fmt::format("table {} {}", table.name, chosen.mistake),
                           std::move(chosen.hint));
    std::string told_by = fmt::format("{}\n", found.text(static_cast<int>(time_position(table)), 2));
    for (const auto& name : chosen.names) {
        const auto column = std::ranges::find(columns, name, &table_column::name);
        const auto position = static_cast<std::size_t>(column - columns.begin());
        table.keys.push_back({name, db::connection::identifier(name), column->type, position});
        told_by += fmt::format("{}\n", found.text(static_cast<int>(position), 2));
    }
    table.identity = azure::crc64(0, std::as_bytes(std::span(told_by)));
}

awaitable<std::vector<std::uint32_t>> members_of(db::connection& session, const table_description& table) {
    std::vector<std::uint32_t> members;
    if (!table.partitioned) {
        members.push_back(table.oid);
        co_return members;
    }
    const std::string oid = std::to_string(table.oid);
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
    table.oid = named.oid;
    table.name = found.text(0, 4);
    table.schema = named.schema;
    table.relation = named.relation;
    table.named = std::move(named);
    const auto kind = found.text(0, 1);
    if (kind != "r" && kind != "p")
        throw async::error(failure::precondition, fmt::format("{} is not a table", table.name));
    table.partitioned = kind == "p";
    table.pages = static_cast<std::uint64_t>(found.integer(0, 2));
    table.rows_estimate = std::stod(std::string(found.text(0, 3)));
    co_await read_columns(session, table, time_column, key, demand);

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
            db::connection::literal(table.name), table.oid);
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
