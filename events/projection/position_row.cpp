#include "events/projection/position_row.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "events/event_mark.hpp"
#include "events/journal/error.hpp"

#include <fmt/format.h>

#include <charconv>

namespace events {

namespace {

using async::failure;

constexpr std::chrono::seconds mark_patience{5};
// The record of a replay of the position p.
constexpr std::string_view of_its_replay = " FROM event_archiver.replay r WHERE r.projection"
                                           " OPERATOR(pg_catalog.=) p.projection AND r.topic"
                                           " OPERATOR(pg_catalog.=) p.topic AND r.partition"
                                           " OPERATOR(pg_catalog.=) p.partition";

constexpr std::string_view other_journal_hint =
    "Bring the right journal back (JOURNAL). If it is lost for good, begin with this one under another "
    "KAFKA_GROUP_ID: docs/projections.md says what that means for the tables.";

// The event that a mark belongs to; nullopt if the mark is empty.
std::optional<position> position_in(const std::string& mark) {
    position at = 0;
    const auto* const end = mark.data() + mark.size();
    if (std::from_chars(mark.data(), end, at).ec != std::errc())
        return std::nullopt;
    return at;
}

} // namespace

awaitable<std::optional<position_row>> look_at(db::connection& session, position_key key) {
    const auto sql =
        fmt::format("SELECT p.journal, p.next, p.state, p.reason, p.worker, p.mark, p.read_files,"
                    " (SELECT r.until{})"
                    " FROM event_archiver.position p WHERE{}",
                    of_its_replay, of_the_key);
    const auto partition = std::to_string(key.partition);
    const auto found = co_await session.query(sql, key.projection, key.topic, partition);
    if (found.rows() == 0)
        co_return std::nullopt;
    position_row row;
    row.journal = found.text(0, 0);
    row.next = found.integer(0, 1);
    row.state = found.text(0, 2);
    row.reason = found.text(0, 3);
    row.worker = found.text(0, 4);
    row.mark = found.text(0, 5);
    row.read_files = found.integer(0, 6);
    row.replay_until = found.is_null(0, 7) ? 0 : found.integer(0, 7);
    co_return row;
}

awaitable<void> begin_at(db::connection& session, position_key key, std::string journal, position next) {
    const auto partition = std::to_string(key.partition);
    const auto from = std::to_string(next);
    (void)co_await session.query(
        "INSERT INTO event_archiver.position AS p (projection, topic, partition, journal, next, state)"
        " VALUES ($1, $2, $3, $4, $5, CASE WHEN EXISTS (SELECT FROM event_archiver.position s"
        " WHERE s.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
        " AND s.state OPERATOR(pg_catalog.=) 'paused'::pg_catalog.text) THEN 'paused' ELSE 'running' END)"
        " ON CONFLICT (projection, topic, partition) DO UPDATE SET journal = excluded.journal,"
        " next = excluded.next WHERE p.journal OPERATOR(pg_catalog.=) ''::pg_catalog.text",
        key.projection, key.topic, partition, journal, from);
}

awaitable<void> note_replay(db::connection& session, position_key key, replay_mark mark) {
    const auto partition = std::to_string(key.partition);
    if (mark.left_out == replay_mark().left_out) {
        (void)co_await session.query("DELETE FROM event_archiver.replay WHERE projection = $1 AND topic = $2"
                                     " AND partition = $3::pg_catalog.int4",
                                     key.projection, key.topic, partition);
        co_return;
    }
    const auto until = std::to_string(mark.until);
    (void)co_await session.query(
        "INSERT INTO event_archiver.replay (projection, topic, partition, until, left_out)"
        " VALUES ($1, $2, $3, $4, $5) ON CONFLICT (projection, topic, partition)"
        " DO UPDATE SET until = excluded.until, left_out = excluded.left_out",
        key.projection, key.topic, partition, until, mark.left_out);
}

awaitable<std::optional<replay_mark>> move_position(db::connection& session, position_move move) {
    // The lock is taken last, and only for the row in question: this does not wait for a row that another
    // process is about to move.
    const auto sql = fmt::format(
        "UPDATE event_archiver.position AS p SET next = $6::pg_catalog.int8, worker = $7, at = "
        "pg_catalog.now(), mark = COALESCE(NULLIF($8::pg_catalog.text, ''), p.mark)"
        " WHERE{0} AND p.journal OPERATOR(pg_catalog.=) $4::pg_catalog.text"
        " AND p.next OPERATOR(pg_catalog.=) $5::pg_catalog.int8"
        " AND p.mark OPERATOR(pg_catalog.=) $9::pg_catalog.text"
        " AND p.read_files OPERATOR(pg_catalog.=) $10::pg_catalog.int8"
        " AND p.state OPERATOR(pg_catalog.=) 'running'::pg_catalog.text"
        " AND pg_catalog.pg_try_advisory_xact_lock(pg_catalog.hashtextextended(pg_catalog.concat_ws("
        "'/', 'event_archiver', $1::pg_catalog.text, $2::pg_catalog.text, $3::pg_catalog.text), "
        "0::pg_catalog.int8))"
        " RETURNING (SELECT r.until{1} AND r.until OPERATOR(pg_catalog.>) $5::pg_catalog.int8),"
        " (SELECT r.left_out{1} AND r.until OPERATOR(pg_catalog.>) $5::pg_catalog.int8)",
        of_the_key, of_its_replay);
    const auto partition = std::to_string(move.key.partition);
    const auto from = std::to_string(move.from);
    const auto to = std::to_string(move.to);
    const auto read_files = std::to_string(move.read_files);
    const auto moved =
        co_await session.query(sql, move.key.projection, move.key.topic, partition, move.journal, from, to,
                               move.worker, move.mark, move.old_mark, read_files);
    if (moved.rows() != 1)
        co_return std::nullopt;
    replay_mark mark;
    if (!moved.is_null(0, 0)) {
        mark.until = moved.integer(0, 0);
        mark.left_out = moved.text(0, 1);
    }
    co_return mark;
}

void must_belong(const position_key& key, const position_row& row, const extent& there) {
    if (row.journal.empty())
        return;
    const auto of_both = [&](std::string_view problem) {
        return fmt::format(
            "projection '{}' is at position {} of topic '{}', partition {}, {}: the journal has"
            " {} to {}",
            key.projection, row.next, key.topic, key.partition, problem, there.begin, there.end);
    };
    if (row.journal != there.id)
        throw async::error(
            failure::integrity,
            of_both(fmt::format("in the journal {}, but this journal is {}", row.journal, there.id)),
            std::string(other_journal_hint));
    if (row.next > there.end)
        throw async::error(
            failure::integrity, of_both("past the journal's end"),
            "The journal has lost events that were applied, or was put back to an earlier state. " +
                std::string(other_journal_hint));
    if (row.next < there.begin)
        throw async::error(failure::integrity, of_both("before the journal's beginning"),
                           "The events between are gone: the database was put back further than "
                           "JOURNAL_RETENTION reaches. " +
                               std::string(other_journal_hint));
}

awaitable<void> must_go_on(topic& of, position_key key, position_row row, extent there) {
    const auto last = position_in(row.mark);
    // At the position or behind it: the position was set since.
    if (!last || *last >= row.next || *last < there.begin || *last >= there.end)
        co_return;
    const auto found =
        co_await async::outcome_of(of.read(key.partition, *last, 1, async::deadline::after(mark_patience)));
    if (found.failed && is_before_start(found.failed))
        co_return;
    if (found.failed)
        std::rethrow_exception(found.failed);
    // In Kafka it may have been compacted away: the next one comes in its place.
    const auto& events = found.value->events;
    const bool gone = events.empty() || events.front().at != *last;
    if (gone || mark_of(events.front()) == row.mark)
        co_return;
    throw async::error(
        failure::integrity,
        fmt::format("projection '{}' is at position {} of topic '{}', partition {}, and another event stands "
                    "before it than the one that was applied: the journal has {} to {}",
                    key.projection, row.next, key.topic, key.partition, there.begin, there.end),
        "The journal was put back to an earlier state, or the topic was made again, and other events have "
        "come "
        "since. " +
            std::string(other_journal_hint));
}

awaitable<void> must_have_all_partitions(db::connection& session, std::string projection, topic& source) {
    const auto partitions = std::to_string(source.partitions());
    const auto found = co_await session.query(
        "SELECT p.partition, p.next FROM event_archiver.position p"
        " WHERE p.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
        " AND p.topic OPERATOR(pg_catalog.=) $2::pg_catalog.text"
        " AND p.partition OPERATOR(pg_catalog.>=) $3::pg_catalog.int4"
        " AND p.next OPERATOR(pg_catalog.>) 0::pg_catalog.int8 ORDER BY p.partition LIMIT 1",
        projection, source.name(), partitions);
    if (found.rows() == 0)
        co_return;
    throw async::error(
        failure::integrity,
        fmt::format(
            "projection '{}' is at position {} of topic '{}', partition {}: the topic has {} partitions",
            projection, found.integer(0, 1), source.name(), found.integer(0, 0), partitions),
        "The topic was made again with fewer partitions. " + std::string(other_journal_hint));
}

async::error topic_is_gone(const position_key& key, position next) {
    return {
        failure::integrity,
        fmt::format("projection '{}' is at position {} of topic '{}', partition {}, and the journal has no "
                    "such topic",
                    key.projection, next, key.topic, key.partition),
        std::string(other_journal_hint)};
}

} // namespace events
