#include "events/projection/retention/reader_positions.hpp"

#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <string_view>

namespace events {

namespace {

// Positions of a topic's partition ($1, $2) in the journal $3, or that have not begun.
constexpr std::string_view of_the_partition =
    " FROM event_archiver.position p WHERE p.topic OPERATOR(pg_catalog.=) $1::pg_catalog.text"
    " AND p.partition OPERATOR(pg_catalog.=) $2::pg_catalog.int4"
    " AND p.journal OPERATOR(pg_catalog.=) ANY (ARRAY[$3::pg_catalog.text, ''])";

} // namespace

awaitable<std::optional<reader_position>> furthest_behind(db::connection& session, std::string topic,
                                                          std::int32_t partition, std::string journal) {
    const auto number = std::to_string(partition);
    const auto sql =
        fmt::format("SELECT p.projection, p.next{} ORDER BY p.next, p.projection LIMIT 1", of_the_partition);
    const auto found = co_await session.query(sql, topic, number, journal);
    if (found.rows() == 0)
        co_return std::nullopt;
    co_return reader_position{std::string(found.text(0, 0)), found.integer(0, 1)};
}

awaitable<std::optional<position>> confirmed_position(db::connection& session, std::string topic,
                                                      std::int32_t partition, std::string journal) {
    const bool made = co_await has_position_table(session);
    if (!made)
        co_return std::nullopt;
    // Batches are committed without waiting for the disk. The commit of this statement, which writes to the
    // log, waits for all of it: what was seen is on the disk once it is answered.
    const auto number = std::to_string(partition);
    const auto sql = fmt::format(
        "SELECT pg_catalog.set_config('synchronous_commit'::pg_catalog.text, 'on'::pg_catalog.text, true),"
        " pg_catalog.pg_logical_emit_message(true, 'event-archiver'::pg_catalog.text, "
        "'flush'::pg_catalog.text),"
        " (SELECT pg_catalog.min(p.next){})",
        of_the_partition);
    const auto found = co_await session.query(sql, topic, number, journal);
    if (found.is_null(0, 2))
        co_return std::nullopt;
    co_return found.integer(0, 2);
}

} // namespace events
