#include "events/projection/control.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "events/projection/schema.hpp"
#include "events/projection/topic_partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

namespace events {

namespace {

using async::failure;

awaitable<double> age_of_event(topic& of, std::int32_t partition, position at) {
    auto read = co_await async::outcome_of(event_at(of, partition, at));
    if (read.failed || !*read.value)
        co_return 0;
    const auto age = std::chrono::system_clock::now() - (*read.value)->time;
    co_return std::max(0.0, std::chrono::duration<double>(age).count());
}

awaitable<position> written_end(topic& of, std::int32_t partition, position end) {
    const auto read = co_await async::outcome_of(
        of.read(partition, end, 1, async::deadline(async::deadline::clock::now())));
    co_return read.value ? std::max(end, read.value->written) : end;
}

constexpr std::string_view all_positions =
    "SELECT p.projection, p.topic, p.partition, p.next, p.state, p.reason,"
    " (SELECT pg_catalog.count(*) FROM event_archiver.dead_letter d"
    " WHERE d.projection OPERATOR(pg_catalog.=) p.projection AND d.topic OPERATOR(pg_catalog.=) p.topic"
    " AND d.partition OPERATOR(pg_catalog.=) p.partition),"
    " pg_catalog.extract('epoch', pg_catalog.now() OPERATOR(pg_catalog.-) p.at)::pg_catalog.int8,"
    " p.journal"
    " FROM event_archiver.position p";

awaitable<std::map<position_key, projection_status>> known_positions(db::connection& session) {
    std::map<position_key, projection_status> known;
    const bool made = co_await has_position_table(session);
    if (!made)
        co_return known;
    const auto rows = co_await session.query(all_positions);
    for (int row = 0; row < rows.rows(); ++row) {
        projection_status each;
        each.key = {std::string(rows.text(row, 0)), std::string(rows.text(row, 1)),
                    static_cast<std::int32_t>(rows.integer(row, 2))};
        each.at = rows.integer(row, 3);
        each.state = rows.text(row, 4);
        each.reason = rows.text(row, 5);
        each.dead_letters = rows.integer(row, 6);
        each.idle_seconds = static_cast<double>(rows.integer(row, 7));
        each.has_begun = !rows.text(row, 8).empty();
        known.emplace(each.key, std::move(each));
    }
    co_return known;
}

// One that was killed leaves its position, which keeps events in the journal.
void note_rebuild(projection_status& of, const projection_status& rebuilt) {
    constexpr double left_after = 600; // seconds
    if (rebuilt.state == "failed") {
        of.state = "rebuild_left";
        of.reason = rebuilt.reason;
        return;
    }
    of.state = "rebuilding";
    if (rebuilt.idle_seconds < left_after)
        return;
    of.state = "rebuild_left";
    of.reason = fmt::format("its position {} has not moved for {:.0f} minutes: if no rebuild runs, "
                            "`event-archiver projections forget '{}'`, or rebuild again",
                            rebuilt.at, rebuilt.idle_seconds / 60, rebuilt.key.projection);
}

// One statement each: a position is not gone while its replay is still there.
constexpr std::string_view forget_positions =
    "WITH p AS (DELETE FROM event_archiver.position p WHERE p.projection OPERATOR(pg_catalog.=)"
    " $1::pg_catalog.text RETURNING 1),"
    " r AS (DELETE FROM event_archiver.replay r WHERE r.projection OPERATOR(pg_catalog.=) "
    "$1::pg_catalog.text)"
    " SELECT pg_catalog.count(*) FROM p";
constexpr std::string_view forget_with_dead_letters =
    "WITH p AS (DELETE FROM event_archiver.position p WHERE p.projection OPERATOR(pg_catalog.=)"
    " $1::pg_catalog.text RETURNING 1),"
    " r AS (DELETE FROM event_archiver.replay r WHERE r.projection OPERATOR(pg_catalog.=) "
    "$1::pg_catalog.text),"
    " d AS (DELETE FROM event_archiver.dead_letter d WHERE d.projection OPERATOR(pg_catalog.=)"
    " $1::pg_catalog.text)"
    " SELECT pg_catalog.count(*) FROM p";

awaitable<void> must_have_no_dead_letters(db::connection& session, const std::string& name) {
    const auto letters = co_await session.query(
        "SELECT pg_catalog.count(*) FROM event_archiver.dead_letter d WHERE d.projection"
        " OPERATOR(pg_catalog.=) $1::pg_catalog.text",
        name);
    const auto count = letters.integer(0, 0);
    if (count > 0)
        throw async::error(
            failure::precondition,
            fmt::format("'{}' has {} dead letter{}: events that are in no table", name, count,
                        count == 1 ? "" : "s"),
            fmt::format(
                "`event-archiver dead-letters` shows them and applies them (behind '@' is a group, which"
                " KAFKA_GROUP_ID names). If nobody needs them: event-archiver projections forget '{}' --drop",
                name));
}

} // namespace

std::string rebuild_schema(const projection_definition& which) { return "ea_rebuild_" + which.name; }

async::error another_rebuild() {
    return async::error(failure::locked,
                        "another rebuild of the same projection has taken the place of this one");
}

awaitable<std::vector<projection_status>>
look_at_all(db::connection& session, journal& of, std::vector<named_projection> which, hidden_events hidden) {
    auto known = co_await known_positions(session);
    const auto topics = co_await of.topics();
    for (const auto& each : which)
        for (const auto& name : each.definition.settings.topics) {
            const position_key key{each.name, name, 0};
            if (!known.contains(key)) {
                projection_status fresh;
                fresh.key = key;
                fresh.state = "not_started";
                fresh.has_begun = false;
                known.emplace(key, std::move(fresh));
            }
        }
    std::vector<projection_status> all;
    for (auto& [key, each] : known) {
        if (is_rebuild(key.projection))
            continue;
        const auto rebuilt = known.find(position_key{rebuild_name(key.projection), key.topic, key.partition});
        if (rebuilt != known.end())
            note_rebuild(each, rebuilt->second);
        if (std::ranges::find(topics, key.topic) != topics.end()) {
            auto* const source = co_await of.view(key.topic);
            const auto there = co_await source->look(key.partition);
            each.end = there.end;
            if (!each.has_begun)
                each.at = there.begin;
            if (hidden == hidden_events::counted && each.behind() == 0)
                each.end = co_await written_end(*source, key.partition, there.end);
            else if (each.behind() > 0)
                each.behind_seconds = co_await age_of_event(*source, key.partition, each.at);
        }
        all.push_back(std::move(each));
    }
    co_return all;
}

awaitable<std::size_t> pause_projection(db::connection& session, journal& of, named_projection which) {
    const auto partitions = co_await partitions_of(of, which.definition.settings.topics);
    for (const auto& each : partitions) {
        position_key key{which.name, each.source->name(), each.partition};
        co_await begin_at(session, std::move(key), std::string(), 0); // it has not begun
    }
    // A topic that comes later is not applied either.
    for (const auto& name : which.definition.settings.topics) {
        position_key key{which.name, name, 0};
        co_await begin_at(session, std::move(key), std::string(), 0);
    }
    const auto changed = co_await session.query(
        "UPDATE event_archiver.position AS p SET state = 'paused', reason = '' WHERE p.projection "
        "OPERATOR(pg_catalog.=)"
        " $1::pg_catalog.text AND p.state OPERATOR(pg_catalog.<>) 'paused'::pg_catalog.text",
        which.name);
    co_return changed.rows_affected();
}

awaitable<std::size_t> resume_projection(db::connection& session, std::string name) {
    // In one statement: all positions get the same value, and the files are read once.
    const auto sql = fmt::format("UPDATE event_archiver.position AS p SET state = 'running', reason = '',"
                                 " read_files = (SELECT {}) WHERE p.projection OPERATOR(pg_catalog.=)"
                                 " $1::pg_catalog.text",
                                 new_read_files);
    const auto changed = co_await session.query(sql, name);
    if (changed.rows_affected() == 0)
        throw async::error(failure::precondition,
                           fmt::format("'{}' has no position, so it is not paused", name),
                           "`event-archiver projections` lists the names; KAFKA_GROUP_ID is a part of one.");
    co_return changed.rows_affected();
}

awaitable<bool> has_position(db::connection& session, std::string name) {
    const auto found = co_await session.query(
        "SELECT EXISTS (SELECT 1 FROM event_archiver.position p WHERE p.projection OPERATOR(pg_catalog.=)"
        " $1::pg_catalog.text)",
        name);
    co_return found.boolean(0, 0);
}

awaitable<bool> is_paused(db::connection& session, std::string name) {
    const auto found = co_await session.query(
        "SELECT EXISTS (SELECT FROM event_archiver.position p WHERE p.projection OPERATOR(pg_catalog.=)"
        " $1::pg_catalog.text AND p.state OPERATOR(pg_catalog.=) 'paused'::pg_catalog.text)",
        name);
    co_return found.boolean(0, 0);
}

awaitable<bool> has_dead_letter(db::connection& session, std::string name) {
    const auto found =
        co_await session.query("SELECT EXISTS (SELECT 1 FROM event_archiver.dead_letter d WHERE d.projection"
                               " OPERATOR(pg_catalog.=) $1::pg_catalog.text)",
                               name);
    co_return found.boolean(0, 0);
}

awaitable<void> forget_projection(db::connection& session, std::string name, bool defined, bool drop) {
    const auto at_work = co_await session.query(
        "SELECT pg_catalog.count(*) FROM event_archiver.position p WHERE p.projection OPERATOR(pg_catalog.=)"
        " $1::pg_catalog.text AND p.state OPERATOR(pg_catalog.<>) 'paused'::pg_catalog.text",
        name);
    if (defined && at_work.integer(0, 0) > 0)
        throw async::error(
            failure::precondition,
            fmt::format("projection '{}' is still defined, and would apply events again that its tables have",
                        name),
            "`projections replay` or `rebuild` fills its tables again. To forget it anyway, `projections "
            "pause` it first.");
    drop = drop || is_rebuild(name);
    if (!drop)
        co_await must_have_no_dead_letters(session, name);
    (void)co_await session.query(drop ? forget_with_dead_letters : forget_positions, name);
}

awaitable<void> note_lost_rebuild(db::connection& session, std::string name, std::string why) {
    (void)co_await session.query("UPDATE event_archiver.position AS p SET reason = $2 WHERE p.projection"
                                 " OPERATOR(pg_catalog.=) $1::pg_catalog.text AND p.state"
                                 " OPERATOR(pg_catalog.<>) 'failed'::pg_catalog.text",
                                 name, why);
}

} // namespace events
