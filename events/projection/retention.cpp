#include "events/projection/retention.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/pause.hpp"
#include "async/race.hpp"
#include "db/transaction.hpp"
#include "events/projection/position_row.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace events {

namespace {

constexpr std::chrono::seconds retention_pause{10};
constexpr std::chrono::seconds retention_patience{30};

constexpr std::string_view lock_not_available = "55P03";

using awaited_list = std::vector<awaited_projection>;

std::vector<std::string> awaited_in(const awaited_list& awaited, const std::string& topic) {
    std::vector<std::string> names;
    for (const auto& each : awaited)
        if (each.topics.empty() || std::ranges::find(each.topics, topic) != each.topics.end())
            names.push_back(each.position_name);
    return names;
}

awaitable<bool> have_begun(db::connection& session, std::vector<std::string> names, std::string topic,
                           std::int32_t partition, std::string journal) {
    for (auto& each : names) {
        position_key key{std::move(each), topic, partition};
        const auto row = co_await look_at(session, std::move(key));
        if (!row || row->journal != journal)
            co_return false;
    }
    co_return true;
}

struct removal {
    std::optional<position> below; // which no projection needs an event; nothing if all are needed
    bool by_positions = false;     // of projections that have begun
};

awaitable<removal> what_may_go(topic& of, std::int32_t partition, extent there, db::connection* session,
                               const awaited_list& awaited) {
    auto names = awaited_in(awaited, of.name());
    std::optional<position> confirmed;
    if (session != nullptr)
        confirmed = co_await confirmed_position(*session, of.name(), partition, there.id);
    if (!confirmed) // no projection has begun with this topic, or that is not known
        co_return removal{names.empty() ? std::optional(there.end) : std::nullopt, false};
    const bool all = co_await have_begun(*session, std::move(names), of.name(), partition, there.id);
    co_return removal{all ? confirmed : std::nullopt, true};
}

// The newest state of the positions, whether it is on the disk or not; nothing: none is there.
awaitable<std::optional<position>> lowest_position(db::connection& session, std::string topic,
                                                   std::int32_t partition, std::string journal) {
    const auto number = std::to_string(partition);
    const auto found =
        co_await session.query("SELECT pg_catalog.min(p.next) FROM event_archiver.position p"
                               " WHERE p.topic OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                               " AND p.partition OPERATOR(pg_catalog.=) $2::pg_catalog.int4"
                               " AND p.journal OPERATOR(pg_catalog.=) ANY (ARRAY[$3::pg_catalog.text, ''])",
                               topic, number, journal);
    if (found.is_null(0, 0))
        co_return std::nullopt;
    co_return found.integer(0, 0);
}

// A replay and a rebuild take this lock before they look at what the journal has, and keep it until their
// position is committed. Without the lock nothing is removed this time.
awaitable<bool> may_remove(db::connection& session) {
    bool free = true;
    try {
        co_await session.execute("LOCK TABLE event_archiver.migration IN SHARE MODE NOWAIT");
    } catch (const db::error& said) {
        if (said.state() != lock_not_available)
            throw;
        free = false;
    }
    co_return free;
}

awaitable<void> retain_unless_set_back(db::connection& session, topic& of, std::int32_t partition,
                                       std::string journal, position needed) {
    auto open = co_await db::transaction::begin(session, db::transaction_options());
    const bool free = co_await may_remove(session);
    if (free) {
        const auto lowest = co_await lowest_position(session, of.name(), partition, journal);
        async::fault_point("retention-before-removal");
        co_await of.retain(partition, std::min(needed, lowest.value_or(needed)));
    }
    co_await open.rollback();
}

awaitable<void> retain_topic(journal& of, std::string name, db::connection* session,
                             const awaited_list& awaited) {
    auto* const opened = co_await of.open(std::move(name));
    for (std::int32_t partition = 0; partition < opened->partitions(); ++partition) {
        const auto there = co_await opened->look(partition);
        const auto found = co_await what_may_go(*opened, partition, there, session, awaited);
        if (found.below && found.by_positions)
            co_await retain_unless_set_back(*session, *opened, partition, there.id, *found.below);
        else if (found.below)
            co_await opened->retain(partition, *found.below);
    }
}

awaitable<void> retain_all(journal& of, db::connection* session, const awaited_list& awaited,
                           retained which) {
    std::exception_ptr first;
    const auto names = co_await of.topics();
    for (const auto& name : names) {
        if (which == retained::awaited_topics && awaited_in(awaited, name).empty())
            continue;
        const auto failed = co_await async::caught(retain_topic(of, name, session, awaited));
        // What is wrong with one topic must not keep the events of others.
        if (failed && (async::is_cancellation(failed) || (session != nullptr && !session->usable())))
            std::rethrow_exception(failed);
        first = first ? first : failed;
    }
    if (first)
        std::rethrow_exception(first);
}

} // namespace

awaitable<std::optional<position>> confirmed_position(db::connection& session, std::string topic,
                                                      std::int32_t partition, std::string journal) {
    const auto made = co_await session.query(
        "SELECT pg_catalog.count(*) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n"
        " ON n.oid OPERATOR(pg_catalog.=) c.relnamespace"
        " WHERE n.nspname OPERATOR(pg_catalog.=) 'event_archiver'::pg_catalog.name"
        " AND c.relname OPERATOR(pg_catalog.=) 'position'::pg_catalog.name");
    if (made.integer(0, 0) == 0)
        co_return std::nullopt;
    // Batches are committed without waiting for the disk. The commit of this statement, which writes to the
    // log, waits for all of it: what was seen is on the disk once it is answered.
    const auto number = std::to_string(partition);
    const auto found = co_await session.query(
        "SELECT pg_catalog.set_config('synchronous_commit'::pg_catalog.text, 'on'::pg_catalog.text, true),"
        " pg_catalog.pg_logical_emit_message(true, 'event-archiver'::pg_catalog.text, "
        "'flush'::pg_catalog.text),"
        " (SELECT pg_catalog.min(p.next) FROM event_archiver.position p"
        " WHERE p.topic OPERATOR(pg_catalog.=) $1::pg_catalog.text"
        " AND p.partition OPERATOR(pg_catalog.=) $2::pg_catalog.int4"
        " AND p.journal OPERATOR(pg_catalog.=) ANY (ARRAY[$3::pg_catalog.text, '']))",
        topic, number, journal);
    if (found.is_null(0, 2))
        co_return std::nullopt;
    co_return found.integer(0, 2);
}

awaitable<void> retain_once(journal& of, const db::database_access* database, const awaited_list& awaited,
                            retained which) {
    if (database == nullptr) {
        co_await retain_all(of, nullptr, awaited, which);
        co_return;
    }
    std::function<awaitable<void>(db::connection&)> body = [&of, &awaited, which](db::connection& session) {
        return retain_all(of, &session, awaited, which);
    };
    co_await db::with_session(*database, std::move(body));
}

awaitable<void> keep_retention(journal& of, const db::database_access* database, awaited_list awaited,
                               async::log& log, retained which) {
    bool told = false;
    for (;;) {
        const auto failed = co_await async::caught_error(
            async::with_deadline(retain_once(of, database, awaited, which),
                                 async::deadline::after(retention_patience), "the positions of projections"));
        if (failed && !told)
            log.warn(
                "journal.nothing_removed",
                "old events stay in the journal: they cannot be removed, or it is not known which are needed",
                {{"error.message", async::describe(failed)}});
        told = failed != nullptr;
        co_await async::pause(retention_pause);
    }
}

} // namespace events
