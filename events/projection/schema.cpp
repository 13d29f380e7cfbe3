#include "events/projection/schema.hpp"

#include "async/caught.hpp"
#include "async/fault_point.hpp"
#include "events/projection/in_transaction.hpp"
#include "events/projection/table_origin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

namespace events {

namespace {

using async::failure;
using async::fault_point;

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
COMMENT ON SCHEMA event_archiver IS 'event-archiver: how far projections are, and what they could not apply';
)sql";

// What the role may do with the tables, as far as they are there.
constexpr std::string_view rights_query = R"sql(
SELECT pg_catalog.count(*),
    pg_catalog.count(*) FILTER (WHERE pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AND pg_catalog.has_table_privilege(c.oid, 'INSERT')
        AND pg_catalog.has_table_privilege(c.oid, 'UPDATE') AND pg_catalog.has_table_privilege(c.oid, 'DELETE')),
    pg_catalog.current_database(), current_user::pg_catalog.text,
    pg_catalog.count(*) FILTER (WHERE EXISTS (SELECT FROM pg_catalog.pg_attribute a
        WHERE a.attrelid OPERATOR(pg_catalog.=) c.oid AND a.attname OPERATOR(pg_catalog.=) 'mark'
            AND NOT a.attisdropped))
FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) c.relnamespace
WHERE n.nspname OPERATOR(pg_catalog.=) 'event_archiver'
    AND c.relname OPERATOR(pg_catalog.=) ANY
        (ARRAY['position', 'dead_letter', 'migration', 'replay', 'table_origin']::pg_catalog.name[])
)sql";
constexpr std::int64_t tables_of_schema = 5;

awaitable<void> create_tables(db::connection& session) {
    db::transaction_options options;
    options.lock_timeout = schema_patience;
    transaction_body body = [](db::connection& one) -> awaitable<bool> {
        co_await one.execute(schema_lock);
        co_await one.execute(schema_statements);
        co_return true;
    };
    (void)co_await in_transaction(session, options, std::move(body), "projection-schema-made",
                                  commit_shield::none);
}

[[noreturn]] void may_not_create(const db::error& said, std::string_view database, std::string_view role) {
    throw async::error(
        failure::refused, fmt::format("the schema event_archiver cannot be made: {}", said.message()),
        fmt::format(
            "Run `event-archiver migrate` once as a role that may, or: GRANT CREATE ON DATABASE {} TO {}.",
            db::connection::identifier(database), db::connection::identifier(role)));
}

// SHA-256 of the file's text, in the database's encoding of it as UTF-8.
constexpr std::string_view checksum_sql =
    "pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to($3::pg_catalog.text, 'UTF8')), 'hex')";

// Whether the migration has been applied. Throws if that was another text.
awaitable<bool> is_recorded(db::connection& session, const projection_definition& which,
                            const migration& file) {
    const auto sql = fmt::format("SELECT m.checksum OPERATOR(pg_catalog.=) {} FROM event_archiver.migration m"
                                 " WHERE m.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                                 " AND m.name OPERATOR(pg_catalog.=) $2::pg_catalog.text",
                                 checksum_sql);
    const auto found = co_await session.query(sql, which.name, file.name, file.sql);
    if (found.rows() == 0)
        co_return false;
    if (!found.boolean(0, 0))
        throw async::error(
            failure::precondition,
            fmt::format("'{}/{}' was changed after it had been applied", which.name, file.name),
            "Put it back as it was, and make the change in a new file.");
    co_return true;
}

// Within a transaction.
awaitable<bool> apply_migration(db::connection& session, const projection_definition& which,
                                const migration& file) {
    // Unlike a query it takes no snapshot: later statements see what the process before has committed.
    co_await lock_tables_of_projections(session);
    const bool done = co_await is_recorded(session, which, file);
    if (done)
        co_return false;
    auto had_rows = co_await tables_with_rows(session, which);
    co_await session.execute(search_path_statement(which));
    co_await session.execute(file.sql);
    co_await session.execute("SET LOCAL search_path = pg_catalog, pg_temp");
    fault_point("projection-migrated");
    const auto record =
        fmt::format("INSERT INTO event_archiver.migration (projection, name, checksum) VALUES ($1, $2, {})",
                    checksum_sql);
    (void)co_await session.query(record, which.name, file.name, file.sql);
    co_await note_origin(session, which, std::move(had_rows));
    co_return true;
}

awaitable<bool> apply_in_transaction(db::connection& session, const projection_definition& which,
                                     const migration& file) {
    db::transaction_options options;
    options.lock_timeout = schema_patience;
    transaction_body body = [&](db::connection& one) { return apply_migration(one, which, file); };
    co_return co_await in_transaction(session, options, std::move(body), "projection-migration-applied",
                                      commit_shield::none);
}

// Of tables that no migration makes.
awaitable<void> note_other_tables(db::connection& session, const projection_definition& which) {
    const auto noted =
        co_await session.query("SELECT pg_catalog.count(*) FROM event_archiver.table_origin o"
                               " WHERE o.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text",
                               which.name);
    if (noted.integer(0, 0) >= std::ssize(which.settings.tables))
        co_return;
    db::transaction_options options;
    options.lock_timeout = schema_patience;
    transaction_body body = [&which](db::connection& one) -> awaitable<bool> {
        auto had_rows = co_await tables_with_rows(one, which);
        co_await note_origin(one, which, std::move(had_rows));
        co_return true;
    };
    (void)co_await in_transaction(session, options, std::move(body), "projection-origin-noted",
                                  commit_shield::none);
}

// What the server does not understand, or does not have, is a mistake in the file.
void throw_if_the_file_is_wrong(const async::error& failed, const projection_definition& which) {
    const auto* const said = dynamic_cast<const db::error*>(&failed);
    if (said == nullptr || failed.kind() != failure::unclassified)
        return;
    const std::string_view state = said->state();
    if (!state.starts_with("42") && !state.starts_with("0A"))
        return;
    auto hint = said->hint().empty() ? fmt::format("Fix the file in '{}'; files before it stay applied.",
                                                   which.directory.string())
                                     : said->hint();
    throw db::error(failure::precondition, said->message(), said->state(), said->connection_usable(),
                    std::move(hint));
}

} // namespace

awaitable<void> make_schema(db::connection& session, async::log& log) {
    auto rights = co_await session.query(rights_query);
    // An earlier version made `position` without a column.
    if (rights.integer(0, 0) < tables_of_schema || rights.integer(0, 4) == 0) {
        const auto failed = co_await async::caught(create_tables(session));
        if (failed) {
            try {
                std::rethrow_exception(failed);
            } catch (const db::error& said) {
                if (said.kind() == failure::refused)
                    may_not_create(said, rights.text(0, 2), rights.text(0, 3));
                throw;
            }
        }
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

awaitable<std::size_t> migrate(db::connection& session, const projection_definition& which, async::log& log) {
    std::size_t applied = 0;
    for (const auto& file : which.migrations) {
        if (co_await is_recorded(session, which, file))
            continue;
        bool did = false;
        try {
            did = co_await apply_in_transaction(session, which, file);
        } catch (async::error& said) {
            said.add_context(fmt::format("migration '{}/{}'", which.name, file.name));
            throw_if_the_file_is_wrong(said, which);
            throw;
        }
        if (did) {
            ++applied;
            log.info("projection.migrated", "a migration was applied",
                     {{"projection", which.name}, {"file", file.name}});
        }
    }
    co_await note_other_tables(session, which);
    co_return applied;
}

awaitable<void> lock_tables_of_projections(db::connection& session) {
    co_await session.execute("LOCK TABLE event_archiver.migration IN SHARE ROW EXCLUSIVE MODE");
}

awaitable<void> migrate_again(db::connection& session, const projection_definition& which) {
    (void)co_await session.query("DELETE FROM event_archiver.migration m WHERE m.projection"
                                 " OPERATOR(pg_catalog.=) $1::pg_catalog.text",
                                 which.name);
    for (const auto& file : which.migrations) {
        try {
            (void)co_await apply_migration(session, which, file);
        } catch (async::error& said) {
            said.add_context(fmt::format("migration '{}/{}'", which.name, file.name));
            throw_if_the_file_is_wrong(said, which);
            throw;
        }
    }
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
