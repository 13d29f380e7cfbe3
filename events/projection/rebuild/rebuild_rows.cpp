#include "events/projection/rebuild/rebuild_rows.hpp"

#include "db/in_transaction.hpp"
#include "events/projection/apply/dead_letter.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

namespace events {

namespace {

constexpr std::chrono::seconds discard_patience{3};

} // namespace

awaitable<void> drop_letters_from(db::connection& session, position_key live, position start,
                                  std::string journal) {
    const auto partition = std::to_string(live.partition);
    const auto from = std::to_string(start);
    (void)co_await session.query("DELETE FROM event_archiver.dead_letter WHERE projection = $1"
                                 " AND topic = $2 AND partition = $3::pg_catalog.int4"
                                 " AND position >= $4::pg_catalog.int8"
                                 " AND journal IN ('', $5::pg_catalog.text)",
                                 live.projection, live.topic, partition, from, journal);
}

awaitable<void> rename_rows(db::connection& session, std::string temporary, std::string live) {
    const auto met = co_await session.query(
        "SELECT l.topic, l.partition, l.position FROM event_archiver.dead_letter l JOIN"
        " event_archiver.dead_letter n ON n.projection = $2 AND n.topic = l.topic"
        " AND n.partition = l.partition AND n.position = l.position"
        " WHERE l.projection = $1 ORDER BY l.topic, l.partition, l.position LIMIT 1",
        live, temporary);
    if (met.rows() > 0)
        throw letter_of_another_event(
            {live, std::string(met.text(0, 0)), static_cast<std::int32_t>(met.integer(0, 1))},
            met.integer(0, 2));
    (void)co_await session.query(
        "UPDATE event_archiver.dead_letter SET projection = $1 WHERE projection = $2", live, temporary);
    (void)co_await session.query(
        "UPDATE event_archiver.position AS p SET state = l.state FROM event_archiver.position l"
        " WHERE p.projection = $2 AND l.projection = $1 AND l.topic = p.topic AND l.partition = p.partition"
        " AND l.state = 'paused'",
        live, temporary);
    (void)co_await session.query("DELETE FROM event_archiver.position WHERE projection = $1", live);
    const auto renaming = fmt::format("UPDATE event_archiver.position SET projection = $1,"
                                      " read_files = (SELECT {}) WHERE projection = $2",
                                      new_read_files);
    (void)co_await session.query(renaming, live, temporary);
}

awaitable<void> record_migrations(db::connection& session, const projection_definition& which) {
    (void)co_await session.query("DELETE FROM event_archiver.migration WHERE projection = $1", which.name);
    for (const auto& each : which.migrations)
        (void)co_await session.query(
            "INSERT INTO event_archiver.migration (projection, name, checksum) VALUES"
            " ($1, $2, encode(sha256(convert_to($3::text, 'UTF8')), 'hex'))",
            which.name, each.name, each.sql);
}

awaitable<void> discard_rebuild(db::connection& session, const projection_definition& which,
                                std::string temporary, std::string schema_oid_of_it) {
    db::transaction_options options;
    options.lock_timeout = discard_patience;
    db::transaction_body body = [&](db::connection& one) -> awaitable<bool> {
        co_await lock_tables_of_projections(one);
        const auto now = co_await schema_oid(one, rebuild_schema(which));
        if (now != schema_oid_of_it)
            co_return false;
        (void)co_await one.query("DELETE FROM event_archiver.position WHERE projection = $1", temporary);
        (void)co_await one.query("DELETE FROM event_archiver.dead_letter WHERE projection = $1", temporary);
        co_await one.execute("DROP SCHEMA " + db::connection::identifier(rebuild_schema(which)) + " CASCADE");
        co_return true;
    };
    (void)co_await db::in_transaction(session, options, std::move(body), "rebuild-discarded");
}

} // namespace events
