#include "events/projection/rebuild/replay.hpp"

#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "db/in_transaction.hpp"
#include "db/transaction.hpp"
#include "events/projection/beginning.hpp"
#include "events/projection/rebuild/missing_tables.hpp"
#include "events/projection/schema.hpp"
#include "events/projection/table_origin.hpp"
#include "events/projection/topic_partition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

namespace events {

namespace {

using async::failure;

// All projections wait for as long as a replay waits for a reader of its tables; then it is tried again.
constexpr std::chrono::seconds set_back_patience{3};

// The rows of its tables must be events of this journal: events of another one would not come back.
void must_be_its_journal(const named_projection& which, const topic_partition& each,
                         const std::optional<position_row>& row) {
    if (!row || row->journal.empty())
        return;
    if (row->journal != each.there.id)
        throw async::error(
            failure::precondition,
            fmt::format("the tables of projection '{}' hold events of the journal {}, and this is {}",
                        which.name, row->journal, each.there.id),
            "A replay would empty them. Empty them yourself if that is right, and begin with another"
            " KAFKA_GROUP_ID.");
    must_belong({which.name, each.source->name(), each.partition}, *row, each.there);
}

void must_begin_with_the_first_event(const named_projection& which, const topic_partition& each,
                                     position start) {
    if (start > 0)
        throw async::error(failure::precondition,
                           fmt::format("a replay of projection '{}' empties its tables first, and would "
                                       "begin at position {} of topic"
                                       " '{}': the events before it would be missing",
                                       which.name, start, each.source->name()),
                           "Leave out --from. Where applying an event again changes nothing, projection.conf "
                           "may say replay ="
                           " keep: then the tables are not emptied.");
}

// A replay goes back: it does not skip events that were not applied yet.
position no_later_than_reached(position start, const std::optional<position_row>& row, const extent& there) {
    if (!row || row->journal != there.id)
        return start;
    return std::min(start, std::max(row->next, there.begin));
}

struct partition_start {
    topic_partition which;
    position start = 0;
    bool is_first = false; // the projection had not begun there
};

// Events before it have been applied, as far as this database knows, also by a replay that has not ended.
position applied_end(const std::optional<position_row>& row, const extent& there) {
    return row && row->journal == there.id ? std::max(row->next, row->replay_until) : 0;
}

// Rows that are emptied come from the journal alone.
void must_have_tables(const projection_definition& which) {
    if (which.settings.replay == replay_policy::truncate && which.settings.tables.empty())
        throw async::error(
            failure::precondition, fmt::format("projection '{}' does not name its tables", which.name),
            "A replay empties them first. List them in projection.conf: tables = "
            "public.users_revenue; where applying an event again changes nothing, replay = keep.");
}

// Events of a topic that the journal no longer has would be missing in tables that are emptied.
awaitable<void> must_have_all_topics(db::connection& session, const named_projection& which,
                                     const std::vector<topic_partition>& there) {
    if (which.definition.settings.replay == replay_policy::keep)
        co_return;
    const auto known =
        co_await session.query("SELECT p.topic, pg_catalog.max(p.next) FROM event_archiver.position p"
                               " WHERE p.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                               " AND p.next OPERATOR(pg_catalog.>) 0 GROUP BY p.topic",
                               which.name);
    for (int row = 0; row < known.rows(); ++row) {
        const auto is_it = [&](const topic_partition& each) {
            return each.source->name() == known.text(row, 0);
        };
        const auto& read = which.definition.settings.topics;
        if (std::ranges::find(read, known.text(row, 0)) == read.end())
            throw async::error(
                failure::precondition,
                fmt::format("projection '{}' cannot be replayed: it has applied events of topic '{}' up to"
                            " position {}, and its projection.conf no longer names that topic",
                            which.name, known.text(row, 0), known.integer(row, 1)),
                fmt::format(
                    "Its tables are emptied first, and these events would be missing. Name the topic"
                    " again; if its events no longer count, `projections rebuild {}` leaves them out.",
                    which.definition.name));
        if (std::ranges::none_of(there, is_it))
            throw async::error(
                failure::precondition,
                fmt::format("projection '{}' cannot be replayed: it has applied events of topic '{}' up to"
                            " position {}, and the journal has no such topic",
                            which.name, known.text(row, 0), known.integer(row, 1)),
                "Its tables are emptied first, and these events would be missing. Bring the topic back, or"
                " `projections forget` it if its events no longer count.");
    }
}

// Within a transaction.
awaitable<void> set_position_back(db::connection& session, std::string name, partition_start to,
                                  std::string left_out, std::string read_files) {
    const auto partition = std::to_string(to.which.partition);
    const auto next = std::to_string(to.start);
    const position_key key{name, to.which.source->name(), to.which.partition};
    const auto row = co_await look_at(session, key);
    (void)co_await session.query(
        "INSERT INTO event_archiver.position AS p (projection, topic, partition, journal, next, worker,"
        " read_files) VALUES ($1, $2, $3, $4, $5, 'replay', $6) ON CONFLICT (projection, topic, partition)"
        " DO UPDATE SET journal = excluded.journal, next = excluded.next, worker = excluded.worker,"
        " at = now(), reason = '', mark = '', read_files = excluded.read_files,"
        " state = CASE p.state WHEN 'paused' THEN p.state ELSE 'running' END",
        name, to.which.source->name(), partition, to.which.there.id, next, read_files);
    const bool all_are_met = left_out == replay_mark().left_out;
    replay_mark mark{applied_end(row, to.which.there), std::move(left_out)};
    co_await note_replay(session, key, std::move(mark));
    // Events from here on are applied again, the others are not, and neither are those of another journal. An
    // event that is left out would be in no place at all.
    if (all_are_met)
        (void)co_await session.query("DELETE FROM event_archiver.dead_letter WHERE projection = $1"
                                     " AND topic = $2 AND partition = $3::pg_catalog.int4"
                                     " AND position >= $4::pg_catalog.int8"
                                     " AND journal IN ('', $5::pg_catalog.text)",
                                     name, to.which.source->name(), partition, next, to.which.there.id);
}

// Waiting for the tables may have taken long.
awaitable<void> must_still_have(named_projection which, partition_start each) {
    const auto now = co_await each.which.source->look(each.which.partition);
    if (now.begin <= each.start && now.end >= each.which.there.end && now.id == each.which.there.id)
        co_return;
    throw async::error(
        failure::precondition,
        fmt::format("projection '{}' cannot be replayed: the journal of topic '{}' was changed meanwhile,"
                    " and has {} to {}",
                    which.name, each.which.source->name(), now.begin, now.end),
        "Nothing was changed. Run it again: it says what would be missing.");
}

// Within a transaction.
awaitable<void> must_have_rows_of_events_alone(db::connection& session, named_projection which) {
    const auto why = co_await rows_without_events(session, which);
    if (!why.empty())
        throw async::error(
            failure::precondition,
            fmt::format("projection '{}' cannot be replayed: {}, and a replay would empty it for good",
                        which.name, why),
            fmt::format(
                "`projections rebuild {0} --only-events` makes it of the journal's events alone and keeps"
                " the old table in another schema; `projections replay {0} --only-events` does not.",
                which.definition.name));
}

// Within a transaction.
awaitable<void> set_back(db::connection& session, named_projection which, std::vector<partition_start> starts,
                         replay_start from) {
    co_await lock_tables_of_projections(session);
    // Before the snapshot: a position that moved behind it could not be set back. Batches wait.
    co_await session.execute("LOCK TABLE event_archiver.position IN SHARE ROW EXCLUSIVE MODE");
    const bool keeps = which.definition.settings.replay == replay_policy::keep;
    if (!keeps && !from.only_events)
        co_await must_have_rows_of_events_alone(session, which);
    const auto asked = co_await session.query(fmt::format("SELECT {}", new_read_files));
    for (const auto& each : starts)
        co_await set_position_back(session, which.name, each, from.left_out, std::string(asked.text(0, 0)));
    co_await make_missing_tables(session, which.definition);
    if (!keeps && !which.definition.settings.tables.empty()) {
        std::string list;
        for (const auto& each : which.definition.settings.tables)
            list += (list.empty() ? "" : ", ") + each.quoted();
        co_await session.execute("TRUNCATE " + list);
        co_await note_only_events(session, which.definition);
    }
    for (const auto& each : starts)
        co_await must_still_have(which, each);
    async::fault_point("replay-before-commit");
}

} // namespace

awaitable<position> find_start(topic& of, std::int32_t partition, extent there, replay_start from) {
    if (from.at)
        co_return std::clamp(*from.at, there.begin, there.end);
    if (!from.time)
        co_return there.begin;
    const auto found = co_await of.first_since(partition, *from.time);
    co_return std::clamp(found, there.begin, there.end);
}

awaitable<void> replay_projection(db::connection& session, journal& of, named_projection which,
                                  replay_start from, async::log& log) {
    const auto partitions = co_await partitions_of(of, which.definition.settings.topics);
    if (partitions.empty())
        throw async::error(failure::precondition,
                           fmt::format("projection '{}' has nothing to replay: the journal has no topic '{}'",
                                       which.name, which.definition.settings.topics.front()));
    must_have_tables(which.definition);
    co_await must_have_all_topics(session, which, partitions);
    const bool keeps = which.definition.settings.replay == replay_policy::keep;
    std::vector<partition_start> starts;
    for (auto each : partitions) {
        const position_key key{which.name, each.source->name(), each.partition};
        const auto row = co_await look_at(session, key);
        // The projection may have gone on since the journal was looked at first.
        each.there = co_await each.source->look(each.partition);
        if (!keeps) {
            must_be_its_journal(which, each, row);
            must_begin_with_the_first_event(which, each, each.there.begin);
            if (row)
                co_await must_go_on(*each.source, key, *row, each.there);
        }
        const auto asked = co_await find_start(*each.source, each.partition, each.there, from);
        const auto start = no_later_than_reached(asked, row, each.there);
        if (!keeps)
            must_begin_with_the_first_event(which, each, start);
        starts.push_back({each, start, !row || row->journal.empty()});
    }
    // Before anything is emptied: tables whose files cannot be used would stay empty. Where a table is
    // missing, the transaction that sets the position back makes it.
    const auto missing = co_await missing_table(session, which.definition);
    if (missing.empty())
        (void)co_await migrate(session, which.definition, log);
    async::fault_point("replay-looked");
    db::transaction_options options;
    options.lock_timeout = set_back_patience;
    db::transaction_body body = [&](db::connection& one) -> awaitable<bool> {
        co_await set_back(one, which, starts, from);
        co_return true;
    };
    (void)co_await db::in_transaction(session, options, std::move(body), "replay-set-back");
    for (const auto& each : starts) {
        if (each.is_first)
            say_where_it_begins(log, {which.name, each.which.source->name(), each.which.partition},
                                each.which.there);
        log.info(
            "projection.replay", "a projection begins again",
            {{"projection", which.name}, {"topic", each.which.source->name()}, {"position", each.start}});
    }
}

} // namespace events
