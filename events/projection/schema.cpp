#include "events/projection/schema.hpp"

#include "async/caught.hpp"
#include "db/in_transaction.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace events {

namespace {

using async::failure;

constexpr std::chrono::seconds schema_patience{60};

// The key of the lock is the schema's name, hashed by PostgreSQL's own function.
constexpr std::string_view schema_lock =
    "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended('event_archiver', 0))";

constexpr std::string_view schema_statements = R"sql(
CREATE SCHEMA IF NOT EXISTS event_archiver;
CREATE TABLE IF NOT EXISTS event_archiver.position (
    projection text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    journal text NOT NULL,
    next bigint NOT NULL,
    state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'paused', 'failed')),
    reason text NOT NULL DEFAULT '',
    worker text NOT NULL DEFAULT '',
    at timestamptz NOT NULL DEFAULT now(),
    mark text NOT NULL DEFAULT '',
    read_files bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (projection, topic, partition)
) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS event_archiver.dead_letter (
    projection text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    position bigint NOT NULL,
    at timestamptz NOT NULL,
    key text,
    headers json NOT NULL,
    value bytea NOT NULL,
    sqlstate text NOT NULL,
    reason text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now(),
    journal text NOT NULL DEFAULT '',
    PRIMARY KEY (projection, topic, partition, position)
);
CREATE TABLE IF NOT EXISTS event_archiver.migration (
    projection text NOT NULL,
    name text NOT NULL,
    checksum text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (projection, name)
);
CREATE TABLE IF NOT EXISTS event_archiver.replay (
    projection text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    until bigint NOT NULL,
    left_out text NOT NULL,
    PRIMARY KEY (projection, topic, partition)
);
CREATE TABLE IF NOT EXISTS event_archiver.table_origin (
    projection text NOT NULL,
    name text NOT NULL,
    had_rows boolean NOT NULL,
    PRIMARY KEY (projection, name)
);
ALTER TABLE event_archiver.position ADD COLUMN IF NOT EXISTS mark text NOT NULL DEFAULT '';
ALTER TABLE event_archiver.position ADD COLUMN IF NOT EXISTS read_files bigint NOT NULL DEFAULT 0;
ALTER TABLE event_archiver.dead_letter ADD COLUMN IF NOT EXISTS journal text NOT NULL DEFAULT '';
UPDATE event_archiver.dead_letter d SET journal = p.journal FROM event_archiver.position p
    WHERE p.projection = d.projection AND p.topic = d.topic AND p.partition = d.partition AND d.journal = '';
COMMENT ON SCHEMA event_archiver IS 'event-archiver: how far projections are, and what they could not apply';
)sql";

// What the role may do with the tables, as far as they are there.
constexpr std::string_view rights_query = R"sql(
SELECT pg_catalog.count(*),
    pg_catalog.count(*) FILTER (WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
        AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(c.oid, 'DELETE')),
    pg_catalog.current_database(), current_user::pg_catalog.text,
    COALESCE(pg_catalog.sum((SELECT pg_catalog.count(*) FROM pg_catalog.pg_attribute a
        WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND NOT a.attisdropped
            AND ((c.relname OPERATOR(pg_catalog.=) 'position' AND a.attname OPERATOR(pg_catalog.=) ANY
                    (ARRAY['mark', 'read_files']::pg_catalog.name[]))
                OR (c.relname OPERATOR(pg_catalog.=) 'dead_letter' AND a.attname OPERATOR(pg_catalog.=) 'journal')))),
        0)::pg_catalog.int8
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) 'event_archiver'
    AND c.relname OPERATOR(pg_catalog.=) ANY
        (ARRAY['position', 'dead_letter', 'migration', 'replay', 'table_origin']::pg_catalog.name[])
)sql";
constexpr std::int64_t tables_of_schema = 5;
constexpr std::int64_t columns_of_later_versions = 3;

// Earlier versions made tables without some columns.
bool is_whole(const db::result& rights) {
    return rights.integer(0, 0) >= tables_of_schema && rights.integer(0, 4) >= columns_of_later_versions;
}

// False: they were there, but for columns perhaps. Another process or projection may have made them
// meanwhile, which to_regclass sees although the transaction's snapshot is older.
awaitable<bool> create_tables(db::connection& session) {
    bool is_news = false;
    db::transaction_options options;
    options.lock_timeout = schema_patience;
    db::transaction_body body = [&is_news](db::connection& one) -> awaitable<bool> {
        co_await one.execute(schema_lock);
        const auto found = co_await one.query("SELECT to_regclass('event_archiver.table_origin') IS NULL");
        is_news = found.boolean(0, 0);
        co_await one.execute(schema_statements);
        co_return true;
    };
    (void)co_await db::in_transaction(session, options, std::move(body), "projection-schema-made",
                                      db::commit_shield::none);
    co_return is_news;
}

[[noreturn]] void may_not_create(const db::error& said, std::string_view database, std::string_view role) {
    throw async::error(
        failure::refused, fmt::format("the schema event_archiver cannot be made: {}", said.message()),
        fmt::format(
            "Run `event-archiver migrate` once as a role that may, or: GRANT CREATE ON DATABASE {} TO {}.",
            db::connection::identifier(database), db::connection::identifier(role)));
}

} // namespace

awaitable<void> make_schema(db::connection& session, async::log& log) {
    auto rights = co_await session.query(rights_query);
    if (!is_whole(rights)) {
        const auto made = co_await async::outcome_of(create_tables(session));
        if (made.failed) {
            try {
                std::rethrow_exception(made.failed);
            } catch (const db::error& said) {
                if (said.kind() == failure::refused)
                    may_not_create(said, rights.text(0, 2), rights.text(0, 3));
                throw;
            }
        }
        if (*made.value)
            log.info("projection.schema", "the schema event_archiver was made");
        rights = co_await session.query(rights_query);
    }
    if (rights.integer(0, 1) < tables_of_schema)
        throw async::error(
            failure::refused,
            fmt::format("the role '{}' lacks rights on the tables of the schema event_archiver",
                        rights.text(0, 3)),
            fmt::format(
                "GRANT USAGE ON SCHEMA event_archiver TO {0}; GRANT SELECT, INSERT, UPDATE, DELETE ON ALL"
                " TABLES IN SCHEMA event_archiver TO {0}.",
                db::connection::identifier(rights.text(0, 3))));
}

awaitable<void> lock_tables_of_projections(db::connection& session) {
    co_await session.execute("LOCK TABLE event_archiver.migration IN SHARE ROW EXCLUSIVE MODE");
}

awaitable<bool> has_position_table(db::connection& session) {
    const auto made = co_await session.query(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        " WHERE n.nspname OPERATOR(pg_catalog.=) 'event_archiver'::pg_catalog.name"
        " AND c.relname OPERATOR(pg_catalog.=) 'position'::pg_catalog.name)");
    co_return made.boolean(0, 0);
}

awaitable<std::string> schema_oid(db::connection& session, std::string schema) {
    const auto name = db::connection::identifier(schema);
    const auto found = co_await session.query(
        "SELECT COALESCE(pg_catalog.to_regnamespace($1::pg_catalog.text)::pg_catalog.oid::pg_catalog.text, "
        "'')",
        name);
    co_return std::string(found.text(0, 0));
}

std::string search_path_statement(const projection_definition& which, const std::string& first) {
    std::vector<std::string> schemas;
    const auto add = [&schemas](const std::string& schema) {
        if (!schema.empty() && std::ranges::find(schemas, schema) == schemas.end())
            schemas.push_back(schema);
    };
    add(first);
    for (const auto& each : which.settings.tables)
        add(each.schema);
    add("public");
    std::string statement = "SET LOCAL search_path = ";
    for (const auto& each : schemas)
        statement += db::connection::identifier(each) + ", ";
    return statement + "pg_temp";
}

} // namespace events
