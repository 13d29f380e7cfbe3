#include "archive/table.hpp"

#include "archive/conflict.hpp"
#include "async/error.hpp"
#include "azure/crc64.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <span>

namespace archive {

namespace {

using async::failure;

awaitable<void> read_columns(db::connection& session, table_description& table, std::string_view time_column,
                             std::string_view key_column) {
    const std::string oid = std::to_string(table.oid);
    const std::array parameters{db::parameter(oid)};
    const auto columns = co_await session.query(
        "SELECT attname, format_type(atttypid, NULL), format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum",
        parameters);
    std::string time_type;
    for (int row = 0; row < columns.rows(); ++row) {
        const auto name = columns.text(row, 0);
        if (name == time_column)
            time_type = columns.text(row, 1);
        if (name == key_column) {
            table.key_type = columns.text(row, 1);
            table.key_position = table.columns.size();
        }
        table.columns.emplace_back(name);
        const auto described = fmt::format("{}\n{}\n", name, columns.text(row, 2));
        table.types = azure::crc64(table.types, std::as_bytes(std::span(described)));
    }

    std::vector<std::string> generated;
    if (time_type.empty() || table.key_type.empty()) {
        const auto found = co_await session.query("SELECT attname FROM pg_attribute WHERE attrelid = $1::oid"
                                                  " AND attnum > 0 AND attgenerated <> ''",
                                                  parameters);
        for (int row = 0; row < found.rows(); ++row)
            generated.emplace_back(found.text(row, 0));
    }
    const auto missing = [&table, &generated](std::string_view column, std::string_view setting) {
        if (std::ranges::find(generated, column) != generated.end())
            return async::error(
                failure::precondition,
                fmt::format("column '{}' of {} is generated: it is not in the files, so rows "
                            "cannot be told by it",
                            column, table.name),
                fmt::format("Name a column that is stored as it was written with {}.", setting));
        return async::error(failure::precondition,
                            fmt::format("table {} has no column '{}'", table.name, column),
                            fmt::format("Name the column with {}.", setting));
    };
    if (time_type.empty())
        throw missing(time_column, "ARCHIVE_TIME_COLUMN");
    if (table.key_type.empty())
        throw missing(key_column, "ARCHIVE_KEY_COLUMN");
    if (time_type != "timestamp without time zone" && time_type != "timestamp with time zone")
        throw async::error(failure::precondition,
                           fmt::format("column '{}' of {} is of type {}, not timestamp", time_column,
                                       table.name, time_type));
    static constexpr std::array<std::string_view, 6> key_types{"smallint", "integer",           "bigint",
                                                               "text",     "character varying", "uuid"};
    if (std::ranges::find(key_types, table.key_type) == key_types.end())
        throw async::error(failure::precondition,
                           fmt::format("column '{}' of {} is of type {}, not an integer, text or uuid key",
                                       key_column, table.name, table.key_type));
    table.time_has_zone = time_type == "timestamp with time zone";
    table.time_column = db::connection::identifier(time_column);
    table.key_column = db::connection::identifier(key_column);
}

} // namespace

awaitable<table_description> describe_table(db::connection& session, named_table named,
                                            std::string_view time_column, std::string_view key_column) {
    const std::string oid = std::to_string(named.oid);
    const std::array by_oid{db::parameter(oid), db::parameter(named.schema), db::parameter(named.relation)};
    const auto found = co_await session.query(
        "SELECT n.nspname = $2::name AND c.relname = $3::name, c.relkind,"
        " pg_relation_size(c.oid::regclass) / current_setting('block_size')::bigint, greatest(c.reltuples, "
        "0),"
        " quote_ident(n.nspname::text) || '.' || quote_ident(c.relname::text)"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1::oid",
        by_oid);
    // What is described here is what LOCK TABLE, which knows names only, has locked.
    if (found.rows() == 0 || !found.boolean(0, 0))
        throw conflict(fmt::format("table {} was renamed or dropped meanwhile", named.text()));
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
    co_await read_columns(session, table, time_column, key_column);

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
    co_return table;
}

std::uint64_t parse_lsn(std::string_view text) {
    const auto slash = std::min(text.find('/'), text.size());
    std::uint32_t high = 0;
    std::uint32_t low = 0;
    const auto read = [](std::string_view digits, std::uint32_t& half) {
        const auto* const last = digits.data() + digits.size();
        const auto [end, failed] = std::from_chars(digits.data(), last, half, 16);
        return failed == std::errc() && end == last;
    };
    if (!read(text.substr(0, slash), high) || !read(text.substr(std::min(slash + 1, text.size())), low))
        throw async::error(failure::internal, fmt::format("'{}' is not a log position", text));
    return std::uint64_t{high} << 32 | low;
}

awaitable<server_position> position_of(db::connection& session) {
    // The timeline comes from the name of the log file being written: the control file's lags behind a
    // promotion. Qualified, for it is asked beside a user's own statements and their search_path too.
    const auto found = co_await session.query(
        "SELECT pg_catalog.pg_is_in_recovery(), (SELECT d.oid FROM pg_catalog.pg_database d"
        " WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()),"
        " pg_catalog.has_function_privilege('pg_catalog.pg_control_system()'::pg_catalog.text,"
        " 'EXECUTE'::pg_catalog.text),"
        " CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN pg_catalog.left(pg_catalog.pg_walfile_name("
        "pg_catalog.pg_current_wal_insert_lsn()), 8::pg_catalog.int4) END,"
        " CASE WHEN NOT pg_catalog.pg_is_in_recovery() THEN"
        " pg_catalog.pg_current_wal_insert_lsn()::pg_catalog.text END");
    if (found.boolean(0, 0))
        throw async::error(
            failure::precondition, "the server is a read-only standby",
            "Point PG_CONNECTION_STRING at the primary, or add target_session_attrs=read-write.");
    server_position position;
    position.database = found.text(0, 1);
    // In a statement of its own: rights are looked at before a CASE is.
    if (found.boolean(0, 2)) {
        const auto identity = co_await session.query(
            "SELECT s.system_identifier::pg_catalog.text FROM pg_catalog.pg_control_system() s");
        position.cluster = identity.text(0, 0);
    }
    const auto timeline = found.text(0, 3);
    std::from_chars(timeline.data(), timeline.data() + timeline.size(), position.timeline, 16);
    position.lsn = parse_lsn(found.text(0, 4));
    co_return position;
}

void must_be_identified(const server_position& position) {
    if (position.cluster.empty())
        throw async::error(
            failure::refused,
            "this role may not call pg_control_system(), which tells this server from its copies",
            "GRANT EXECUTE ON FUNCTION pg_catalog.pg_control_system() TO the role that archives.");
}

} // namespace archive
