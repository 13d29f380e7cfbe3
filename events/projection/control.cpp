#include "events/projection/control.hpp"

#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "db/transaction.hpp"
#include "events/projection/schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

namespace events {

namespace {

using async::failure;

constexpr std::string_view rebuild_suffix = "#rebuild";
constexpr std::chrono::seconds one_event_patience{5};

struct topic_partition {
    topic* source = nullptr;
    std::int32_t partition = 0;
    extent there;
};

// Of the topics that are there.
awaitable<std::vector<topic_partition>> partitions_of(journal& of, std::vector<std::string> wanted) {
    std::vector<topic_partition> found;
    const auto names = co_await of.topics();
    for (const auto& name : wanted) {
        if (std::ranges::find(names, name) == names.end())
            continue;
        auto* const source = co_await of.open(name);
        for (std::int32_t partition = 0; partition < source->partitions(); ++partition) {
            auto there = co_await source->look(partition);
            found.push_back({source, partition, std::move(there)});
        }
    }
    co_return found;
}

awaitable<std::optional<recorded_event>> event_at(topic& of, std::int32_t partition, position at) {
    auto read = co_await of.read(partition, at, 1, async::deadline::after(one_event_patience));
    if (read.events.empty())
        co_return std::nullopt;
    co_return std::move(read.events.front());
}

awaitable<double> age_of_event(topic& of, std::int32_t partition, position at) {
    auto read = co_await async::outcome_of(event_at(of, partition, at));
    if (read.failed || !*read.value)
        co_return 0;
    const auto age = std::chrono::system_clock::now() - (*read.value)->time;
    co_return std::max(0.0, std::chrono::duration<double>(age).count());
}

constexpr std::string_view all_positions =
    "SELECT p.projection, p.topic, p.partition, p.next, p.state, p.reason,"
    " (SELECT pg_catalog.count(*) FROM event_archiver.dead_letter d"
    " WHERE d.projection OPERATOR(pg_catalog.=) p.projection AND d.topic OPERATOR(pg_catalog.=) p.topic"
    " AND d.partition OPERATOR(pg_catalog.=) p.partition) FROM event_archiver.position p";

awaitable<std::map<position_key, projection_status>> known_positions(db::connection& session) {
    std::map<position_key, projection_status> known;
    const auto made = co_await session.query(
        "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        " WHERE n.nspname OPERATOR(pg_catalog.=) 'event_archiver'::pg_catalog.name"
        " AND c.relname OPERATOR(pg_catalog.=) 'position'::pg_catalog.name");
    if (made.integer(0, 0) == 0)
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
        known.emplace(each.key, std::move(each));
    }
    co_return known;
}

bool is_rebuild(const std::string& name) { return name.ends_with(rebuild_suffix); }

// A missing table is one that the migrations have to make again.
awaitable<bool> all_tables_are_there(db::connection& session, const projection_definition& which) {
    for (const auto& each : which.settings.tables) {
        const auto found = co_await session.query(
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
            " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
            " WHERE n.nspname OPERATOR(pg_catalog.=) $1::pg_catalog.name"
            " AND c.relname OPERATOR(pg_catalog.=) $2::pg_catalog.name",
            each.schema, each.table);
        if (found.integer(0, 0) == 0)
            co_return false;
    }
    co_return true;
}

void must_come_back(const named_projection& which, const topic_partition& each,
                    const std::optional<position_row>& row, const replay_start& from) {
    const bool keeps = which.definition.settings.replay == replay_policy::keep;
    if (keeps)
        return;
    if (row && row->journal != each.there.id)
        throw async::error(
            failure::precondition,
            fmt::format("the tables of projection '{}' hold events of the journal {}, and this is {}",
                        which.name, row->journal, each.there.id),
            "A replay would empty them. Empty them yourself if that is right, and begin with another"
            " KAFKA_GROUP_ID.");
    if (each.there.begin > 0 || from.at || from.time)
        throw async::error(
            failure::precondition,
            fmt::format(
                "projection '{}' cannot be replayed from position {} of topic '{}': its tables are emptied"
                " first, and the events before it would be missing",
                which.name, each.there.begin, each.source->name()),
            "Where applying an event again changes nothing, projection.conf may say replay = keep.");
}

struct partition_start {
    topic_partition which;
    position start = 0;
};

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
awaitable<bool> set_back(db::connection& session, named_projection which,
                         std::vector<partition_start> starts) {
    const bool keeps = which.definition.settings.replay == replay_policy::keep;
    for (const auto& each : starts) {
        const auto partition = std::to_string(each.which.partition);
        const auto next = std::to_string(each.start);
        (void)co_await session.query(
            "INSERT INTO event_archiver.position AS p (projection, topic, partition, journal, next, worker)"
            " VALUES ($1, $2, $3, $4, $5, 'replay') ON CONFLICT (projection, topic, partition) DO UPDATE SET"
            " journal = excluded.journal, next = excluded.next, worker = excluded.worker, at = now(), mark = "
            "'',"
            " reason = '',"
            " state = CASE p.state WHEN 'paused' THEN p.state ELSE 'running' END",
            which.name, each.which.source->name(), partition, each.which.there.id, next);
        // Those from here on are met again; the others are not.
        (void)co_await session.query("DELETE FROM event_archiver.dead_letter WHERE projection = $1"
                                     " AND topic = $2 AND partition = $3::pg_catalog.int4"
                                     " AND position >= $4::pg_catalog.int8",
                                     which.name, each.which.source->name(), partition, next);
    }
    const bool there = co_await all_tables_are_there(session, which.definition);
    if (!there) {
        (void)co_await session.query("DELETE FROM event_archiver.migration WHERE projection = $1",
                                     which.definition.name);
    } else if (!keeps && !which.definition.settings.tables.empty()) {
        std::string list;
        for (const auto& each : which.definition.settings.tables)
            list += (list.empty() ? "" : ", ") + each.quoted();
        co_await session.execute("TRUNCATE " + list);
    }
    async::fault_point("replay-before-commit");
    co_return there;
}

} // namespace

std::string rebuild_name(const std::string& name) { return name + std::string(rebuild_suffix); }

std::string rebuild_schema(const projection_definition& which) { return "ea_rebuild_" + which.name; }

awaitable<std::vector<projection_status>> look_at_all(db::connection& session, journal& of,
                                                      std::vector<named_projection> which) {
    auto known = co_await known_positions(session);
    const auto topics = co_await of.topics();
    for (const auto& each : which)
        for (const auto& name : each.definition.settings.topics) {
            const position_key key{each.name, name, 0};
            if (!known.contains(key)) {
                projection_status fresh;
                fresh.key = key;
                fresh.state = "not_started";
                known.emplace(key, std::move(fresh));
            }
        }
    std::vector<projection_status> all;
    for (auto& [key, each] : known) {
        if (is_rebuild(key.projection))
            continue;
        if (known.contains(position_key{rebuild_name(key.projection), key.topic, key.partition}))
            each.state = "rebuilding";
        if (std::ranges::find(topics, key.topic) != topics.end()) {
            auto* const source = co_await of.open(key.topic);
            const auto there = co_await source->look(key.partition);
            each.end = there.end;
            if (each.state == "not_started")
                each.at = there.begin;
            if (each.behind() > 0)
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
        co_await begin_at(session, std::move(key), each.there.id, each.there.begin);
    }
    const auto changed = co_await session.query(
        "UPDATE event_archiver.position AS p SET state = 'paused', reason = '' WHERE p.projection "
        "OPERATOR(pg_catalog.=)"
        " $1::pg_catalog.text AND p.state OPERATOR(pg_catalog.<>) 'paused'::pg_catalog.text",
        which.name);
    co_return changed.rows_affected();
}

awaitable<std::size_t> resume_projection(db::connection& session, std::string name) {
    const auto changed = co_await session.query(
        "UPDATE event_archiver.position AS p SET state = 'running', reason = '' WHERE p.projection"
        " OPERATOR(pg_catalog.=) $1::pg_catalog.text AND p.state OPERATOR(pg_catalog.<>) "
        "'running'::pg_catalog.text",
        name);
    co_return changed.rows_affected();
}

// Times do not go back within a partition: halves are looked at.
awaitable<position> find_start(topic& of, std::int32_t partition, extent there, replay_start from) {
    if (from.at)
        co_return std::clamp(*from.at, there.begin, there.end);
    if (!from.time)
        co_return there.begin;
    auto low = there.begin;
    auto high = there.end;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        const auto found = co_await event_at(of, partition, middle);
        if (found && found->time < *from.time)
            low = found->at + 1;
        else
            high = middle;
    }
    co_return low;
}

awaitable<void> replay_projection(db::connection& session, journal& of, named_projection which,
                                  replay_start from, async::log& log) {
    const auto partitions = co_await partitions_of(of, which.definition.settings.topics);
    if (partitions.empty())
        throw async::error(failure::precondition,
                           fmt::format("projection '{}' has nothing to replay: the journal has no topic '{}'",
                                       which.name, which.definition.settings.topics.front()));
    co_await must_have_all_topics(session, which, partitions);
    std::vector<partition_start> starts;
    for (const auto& each : partitions) {
        position_key key{which.name, each.source->name(), each.partition};
        const auto row = co_await look_at(session, std::move(key));
        must_come_back(which, each, row, from);
        const auto start = co_await find_start(*each.source, each.partition, each.there, from);
        starts.push_back({each, start});
    }
    db::transaction_options options;
    options.lock_timeout = std::chrono::seconds(30);
    auto open = co_await db::transaction::begin(session, options);
    auto done = co_await async::outcome_of(set_back(session, which, starts));
    if (done.failed) {
        if (session.usable())
            co_await open.rollback();
        std::rethrow_exception(done.failed);
    }
    const auto outcome = co_await async::shielded(open.commit(async::deadline::after(db::commit_patience)));
    if (outcome != db::commit_outcome::committed)
        throw open.refusal().value_or(
            db::error(failure::temporary, "the answer to COMMIT was lost", {}, false));
    if (!*done.value)
        (void)co_await migrate(session, which.definition, log);
    for (const auto& each : starts)
        log.info(
            "projection.replay", "a projection begins again",
            {{"projection", which.name}, {"topic", each.which.source->name()}, {"position", each.start}});
}

awaitable<std::size_t> forget_projection(db::connection& session, std::string name) {
    (void)co_await session.query("DELETE FROM event_archiver.dead_letter d WHERE d.projection "
                                 "OPERATOR(pg_catalog.=) $1::pg_catalog.text",
                                 name);
    const auto removed = co_await session.query(
        "DELETE FROM event_archiver.position p WHERE p.projection OPERATOR(pg_catalog.=) $1::pg_catalog.text",
        name);
    co_return removed.rows_affected();
}

} // namespace events
