#include "events/projection/retention/retention.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "async/fault_point.hpp"
#include "async/pause.hpp"
#include "async/race.hpp"
#include "db/in_transaction.hpp"
#include "events/projection/position_row.hpp"
#include "events/projection/retention/reader_positions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

namespace events {

namespace {

constexpr std::chrono::seconds retention_pause{10};
constexpr std::chrono::seconds retention_patience{30};

constexpr std::string_view lock_not_available = "55P03";

std::string needs_from(const std::string& projection, position at) {
    return fmt::format("projection '{}' needs it from position {} on", projection, at);
}

// Empty name: not known.
std::string has_not_begun(const std::string& projection) {
    return projection.empty()
               ? std::string()
               : fmt::format("projection '{}', which reads the topic, has not begun with it: run"
                             " `event-archiver project {}`, or name the topic in JOURNAL_UNREAD_TOPICS",
                             projection, projection_of(projection));
}

// Empty: all have.
awaitable<std::string> first_not_begun(db::connection& session, std::vector<std::string> names,
                                       std::string topic, std::int32_t partition, std::string journal) {
    for (const auto& each : names) {
        const position_key key{each, topic, partition};
        const auto row = co_await look_at(session, key);
        if (!row || row->journal != journal)
            co_return each;
    }
    co_return std::string();
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

// Returns as topic::retain does.
awaitable<position> retain_unless_set_back(db::connection& session, topic& of, std::int32_t partition,
                                           std::string journal, position needed, std::string by) {
    position due = 0;
    db::transaction_body body = [&](db::connection& locking) -> awaitable<bool> {
        const bool free = co_await may_remove(locking);
        if (!free)
            co_return false;
        const auto last = co_await furthest_behind(locking, of.name(), partition, journal);
        async::fault_point("retention-before-removal");
        const auto from = last ? std::min(needed, last->at) : needed;
        due = co_await of.retain(partition, from, needs_from(by, from));
        co_return false; // it has only looked
    };
    (void)co_await db::in_transaction(session, db::transaction_options(), std::move(body), "retention");
    co_return due;
}

// One partition of a topic, and what keeps its events.
class partition_retention {
  public:
    partition_retention(topic& of, std::int32_t partition, extent there, db::connection* session,
                        const known_readers& readers)
        : topic_(of)
        , partition_(partition)
        , there_(std::move(there))
        , session_(session)
        , readers_(readers) {}

    // `only_known`: does nothing where no position is known.
    awaitable<void> run(bool only_known, retention_notes& notes) {
        const auto known = co_await look();
        const auto may = what_may_go(known);
        if (may == may_go::nothing && only_known)
            co_return;
        const auto due = co_await remove(may);
        if (due <= there_.begin)
            co_return;
        if (may == may_go::what_is_applied && confirmed_ > there_.begin)
            co_await note_missed(std::min(due, confirmed_), notes.missed);
        if (may != may_go::what_is_old)
            co_await note_kept(may, due, notes.kept);
    }

  private:
    // Returns as topic::retain does.
    awaitable<position> remove(may_go may) {
        if (may == may_go::what_is_applied) {
            const auto last = co_await furthest_behind(*session_, topic_.name(), partition_, there_.id);
            auto by = last ? last->projection : std::string();
            co_return co_await retain_unless_set_back(*session_, topic_, partition_, there_.id, confirmed_,
                                                      std::move(by));
        }
        const auto end = may == may_go::what_is_old ? there_.end : there_.begin;
        co_return co_await topic_.retain(partition_, end, has_not_begun(not_begun_));
    }

    // What could go up to `due` is gone by now.
    awaitable<void> note_kept(may_go may, position due, std::vector<kept_events>& kept) {
        const auto left = co_await topic_.look(partition_);
        if (due <= left.begin)
            co_return;
        kept_events found;
        found.topic = topic_.name();
        found.partition = partition_;
        found.first = left.begin;
        found.end = due;
        found.projection = not_begun_;
        std::optional<reader_position> last;
        if (may == may_go::what_is_applied)
            last = co_await furthest_behind(*session_, topic_.name(), partition_, there_.id);
        if (last) {
            found.projection = last->projection;
            found.at = last->at;
            found.has_begun = true;
        }
        // A segment that also has newer events stays with them.
        if (!found.has_begun || found.at < due)
            kept.push_back(std::move(found));
    }

    // Notes the projections that read the topic and have not begun: no position says what they need.
    awaitable<void> note_missed(position end, std::vector<missed_events>& missed) {
        if (!readers_.tells_of_possible || readers_.unread.contains(topic_.name()))
            co_return;
        for (const auto& each : readers_of(readers_.possible, topic_.name())) {
            const position_key key{each, topic_.name(), partition_};
            const auto row = co_await look_at(*session_, key);
            if (!row && !each.empty())
                missed.push_back({topic_.name(), each, end - there_.begin});
        }
    }

    awaitable<topic_knowledge> look() {
        topic_knowledge known;
        known.database = session_ != nullptr;
        known.is_unread = readers_.unread.contains(topic_.name());
        known.may_be_read = !readers_of(readers_.possible, topic_.name()).empty();
        const auto names = must_begin(readers_, topic_.name());
        known.is_awaited = !names.empty();
        if (session_ == nullptr)
            co_return known;
        const auto confirmed = co_await confirmed_position(*session_, topic_.name(), partition_, there_.id);
        known.has_position = confirmed.has_value();
        confirmed_ = confirmed.value_or(0);
        if (known.has_position)
            not_begun_ = co_await first_not_begun(*session_, names, topic_.name(), partition_, there_.id);
        else if (!names.empty())
            not_begun_ = names.front();
        known.awaited_have_begun = not_begun_.empty();
        co_return known;
    }

    topic& topic_;
    std::int32_t partition_;
    extent there_;
    db::connection* session_;
    const known_readers& readers_;
    position confirmed_ = 0;
    std::string not_begun_;
};

awaitable<void> retain_topic(journal& of, std::string name, db::connection* session,
                             const known_readers& readers, retained which, retention_notes& notes) {
    auto* const opened = co_await of.open(std::move(name));
    for (std::int32_t partition = 0; partition < opened->partitions(); ++partition) {
        auto there = co_await opened->look(partition);
        partition_retention work(*opened, partition, std::move(there), session, readers);
        co_await work.run(which == retained::awaited_topics, notes);
    }
}

awaitable<void> retain_all(journal& of, db::connection* session, const known_readers& readers, retained which,
                           retention_notes& notes) {
    std::exception_ptr first;
    // A topic of another server has its own retention, and that server's own database.
    auto names = of.written();
    if (which == retained::awaited_topics)
        names = co_await of.topics();
    for (const auto& name : names) {
        if (which == retained::awaited_topics && readers_of(readers.awaited, name).empty())
            continue;
        const auto failed = co_await async::caught(retain_topic(of, name, session, readers, which, notes));
        // A failure in one topic must not keep the events of others.
        if (failed && (async::is_cancellation(failed) || (session != nullptr && !session->usable())))
            std::rethrow_exception(failed);
        first = first ? first : failed;
    }
    if (first)
        std::rethrow_exception(first);
}

} // namespace

awaitable<void> retain_once(journal& of, const db::database_access* database, const known_readers& readers,
                            retention_notes& notes, retained which) {
    notes = {};
    if (database == nullptr) {
        co_await retain_all(of, nullptr, readers, which, notes);
        co_return;
    }
    std::function<awaitable<void>(db::connection&)> body = [&of, &readers, which,
                                                            &notes](db::connection& session) {
        return retain_all(of, &session, readers, which, notes);
    };
    co_await db::with_session(*database, std::move(body));
}

awaitable<void> keep_retention(journal& of, const db::database_access* database, known_readers readers,
                               async::log& log, retained which) {
    bool told = false;
    kept_log kept_so_far(log);
    for (;;) {
        retention_notes notes;
        const auto failed = co_await async::caught_error(
            async::with_deadline(retain_once(of, database, readers, notes, which),
                                 async::deadline::after(retention_patience), "the positions of projections"));
        if (failed && !told)
            log.warn(
                "journal.nothing_removed",
                "old events stay in the journal: they cannot be removed, or it is not known which are needed",
                {{"error.message", async::describe(failed)}});
        told = failed != nullptr;
        if (!failed)
            kept_so_far.note(notes);
        co_await async::pause(retention_pause);
    }
}

} // namespace events
