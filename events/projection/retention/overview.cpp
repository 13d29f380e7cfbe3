#include "events/projection/retention/overview.hpp"

#include <fmt/format.h>

namespace events {

namespace {

// Letters of a position are found by the columns of the primary key.
constexpr std::string_view letters_of_p =
    " FROM event_archiver.dead_letter d WHERE d.projection OPERATOR(pg_catalog.=) p.projection"
    " AND d.topic OPERATOR(pg_catalog.=) p.topic AND d.partition OPERATOR(pg_catalog.=) p.partition";
constexpr int letters_of_a_position = 10;

std::string first_positions() {
    return fmt::format("(SELECT * FROM event_archiver.position o ORDER BY o.projection, o.topic, o.partition"
                       " LIMIT {}) p",
                       positions_shown_max);
}

std::string positions_query() {
    return fmt::format(
        "SELECT p.projection, p.topic, p.partition, p.state, p.reason, p.next,"
        " pg_catalog.extract('epoch', pg_catalog.now() OPERATOR(pg_catalog.-) p.at)::pg_catalog.int8,"
        " (SELECT pg_catalog.count(*) FROM (SELECT 1{} LIMIT {}) l)"
        " FROM {} ORDER BY p.projection, p.topic, p.partition",
        letters_of_p, letters_counted_max, first_positions());
}

std::string letters_query() {
    return fmt::format(
        "SELECT l.projection, l.topic, l.partition, l.position, l.sqlstate,"
        " pg_catalog.to_char(l.failed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
        " FROM {} CROSS JOIN LATERAL (SELECT d.projection, d.topic, d.partition, d.position, d.sqlstate,"
        " d.failed_at{} ORDER BY d.position DESC LIMIT {}) l ORDER BY l.failed_at DESC, l.position DESC"
        " LIMIT {}",
        first_positions(), letters_of_p, letters_of_a_position, letters_shown_max);
}

position_key key_in(const db::result& rows, int row) {
    return {std::string(rows.text(row, 0)), std::string(rows.text(row, 1)),
            static_cast<std::int32_t>(rows.integer(row, 2))};
}

} // namespace

awaitable<projection_overview> overview_of(db::connection& session) {
    projection_overview found;
    const auto made = co_await session.query(
        "SELECT pg_catalog.to_regclass('event_archiver.dead_letter')::pg_catalog.text");
    if (made.is_null(0, 0))
        co_return found;
    const auto positions = co_await session.query(positions_query());
    for (int row = 0; row < positions.rows(); ++row)
        found.positions.push_back({key_in(positions, row), std::string(positions.text(row, 3)),
                                   std::string(positions.text(row, 4)), positions.integer(row, 5),
                                   static_cast<double>(positions.integer(row, 6)),
                                   positions.integer(row, 7)});
    const auto letters = co_await session.query(letters_query());
    for (int row = 0; row < letters.rows(); ++row)
        found.letters.push_back({key_in(letters, row), letters.integer(row, 3),
                                 std::string(letters.text(row, 4)), std::string(letters.text(row, 5))});
    co_return found;
}

} // namespace events
