#include "events/projection/rebuild_rows.hpp"

namespace events {

awaitable<void> drop_letters_from(db::connection& session, position_key live, position start) {
    const auto partition = std::to_string(live.partition);
    const auto from = std::to_string(start);
    (void)co_await session.query("DELETE FROM event_archiver.dead_letter WHERE projection = $1"
                                 " AND topic = $2 AND partition = $3::pg_catalog.int4"
                                 " AND position >= $4::pg_catalog.int8",
                                 live.projection, live.topic, partition, from);
}

awaitable<void> rename_rows(db::connection& session, std::string temporary, std::string live) {
    (void)co_await session.query(
        "UPDATE event_archiver.dead_letter SET projection = $1 WHERE projection = $2", live, temporary);
    (void)co_await session.query(
        "UPDATE event_archiver.position AS p SET state = l.state FROM event_archiver.position l"
        " WHERE p.projection = $2 AND l.projection = $1 AND l.topic = p.topic AND l.partition = p.partition"
        " AND l.state = 'paused'",
        live, temporary);
    (void)co_await session.query("DELETE FROM event_archiver.position WHERE projection = $1", live);
    (void)co_await session.query("UPDATE event_archiver.position SET projection = $1 WHERE projection = $2",
                                 live, temporary);
}

awaitable<void> record_migrations(db::connection& session, const projection_definition& which) {
    (void)co_await session.query("DELETE FROM event_archiver.migration WHERE projection = $1", which.name);
    for (const auto& each : which.migrations)
        (void)co_await session.query(
            "INSERT INTO event_archiver.migration (projection, name, checksum) VALUES"
            " ($1, $2, encode(sha256(convert_to($3::text, 'UTF8')), 'hex'))",
            which.name, each.name, each.sql);
}

} // namespace events
