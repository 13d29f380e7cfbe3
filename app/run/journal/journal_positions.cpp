#include "app/run/journal/journal_positions.hpp"

#include "async/caught.hpp"
#include "async/error.hpp"
#include "events/projection/position_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace app {

namespace {

using async::awaitable;

awaitable<std::vector<events::position_key>> known_keys(db::connection& session) {
    std::vector<events::position_key> keys;
    // Positions of an earlier version have no marks: `project` and `serve` give them the column.
    const auto made = co_await session.query(
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid OPERATOR(pg_catalog.=)"
        " pg_catalog.to_regclass('event_archiver.position'::pg_catalog.text)::pg_catalog.oid"
        " AND a.attname OPERATOR(pg_catalog.=) 'mark'::pg_catalog.name AND NOT a.attisdropped)");
    if (!made.boolean(0, 0))
        co_return keys;
    const auto rows = co_await session.query("SELECT p.projection, p.topic, p.partition FROM "
                                             "event_archiver.position p ORDER BY 1, 2, 3");
    for (int row = 0; row < rows.rows(); ++row)
        keys.push_back({std::string(rows.text(row, 0)), std::string(rows.text(row, 1)),
                        static_cast<std::int32_t>(rows.integer(row, 2))});
    co_return keys;
}

awaitable<void> must_fit(events::journal& log, events::position_key key, events::position_row row) {
    const auto names = co_await log.topics();
    auto* const topic =
        std::ranges::find(names, key.topic) == names.end() ? nullptr : co_await log.view(key.topic);
    if (topic == nullptr || key.partition >= topic->partitions()) {
        if (row.next == 0)
            co_return;
        throw events::topic_is_gone(key, row.next);
    }
    auto there = co_await topic->look(key.partition);
    events::must_belong(key, row, there);
    co_await events::must_go_on(*topic, std::move(key), std::move(row), std::move(there));
}

awaitable<bool> is_of_this_journal(events::journal& log, events::position_key key, events::position_row row) {
    const auto names = co_await log.topics();
    if (std::ranges::find(names, key.topic) == names.end())
        co_return false;
    auto* const topic = co_await log.view(key.topic);
    if (key.partition >= topic->partitions())
        co_return false;
    const auto there = co_await topic->look(key.partition);
    co_return there.id == row.journal;
}

// Positions of this group: those of another may be of a journal that was given up. The position of a rebuild
// goes with the rebuild.
bool counts(const written_journal& ours, const std::string& name) {
    const auto parts = events::name_parts_of(name);
    return !parts.is_rebuild && (parts.group == ours.group || ours.names.contains(name));
}

bool is_written(const written_journal& ours, const std::string& topic) {
    return ours.any_topic || std::ranges::find(ours.topics, topic) != ours.topics.end();
}

void note(std::vector<partition_verdict>& found, const events::position_key& key, events::position at,
          std::string error) {
    const auto same = [&key](const partition_verdict& each) {
        return each.topic == key.topic && each.partition == key.partition;
    };
    auto place = std::ranges::find_if(found, same);
    if (place == found.end())
        place = found.insert(found.end(), {key.topic, key.partition, 0, 0, 0, {}});
    if (!place->error.empty())
        return;
    place->next = at;
    place->error = std::move(error);
}

} // namespace

awaitable<void> compare_with_positions(db::connection& session, events::journal& log,
                                       std::set<std::string> which, std::vector<partition_verdict>& found) {
    const auto keys = co_await known_keys(session);
    for (const auto& key : keys) {
        if (!which.contains(key.projection))
            continue;
        const auto row = co_await events::look_at(session, key);
        if (!row)
            continue;
        const auto failed = co_await async::caught_error(must_fit(log, key, *row));
        if (failed && async::failure_of(failed) != async::failure::integrity)
            std::rethrow_exception(failed);
        if (failed)
            note(found, key, row->next, async::describe(failed));
    }
}

awaitable<void> must_have_topics(db::connection& session, const written_journal& ours) {
    const auto names = co_await ours.log.topics();
    const auto keys = co_await known_keys(session);
    for (const auto& key : keys) {
        const bool is_there = std::ranges::find(names, key.topic) != names.end();
        if (is_there || !is_written(ours, key.topic) || !counts(ours, key.projection))
            continue;
        const auto row = co_await events::look_at(session, key);
        if (row && row->next > 0)
            throw events::topic_is_gone(key, row->next);
    }
}

awaitable<void> must_be_known(db::connection& session, const written_journal& ours) {
    std::map<std::string, std::exception_ptr> elsewhere; // by topic: the first position in another journal
    std::set<std::string> known_here;
    const auto keys = co_await known_keys(session);
    for (const auto& key : keys) {
        if (!is_written(ours, key.topic))
            continue;
        const auto row = co_await events::look_at(session, key);
        if (!row || row->next == 0)
            continue;
        const bool here = co_await is_of_this_journal(ours.log, key, *row);
        if (here)
            known_here.insert(key.topic);
        if (!counts(ours, key.projection))
            continue;
        const auto failed = co_await async::caught_error(must_fit(ours.log, key, *row));
        if (!failed)
            continue;
        if (here || async::failure_of(failed) != async::failure::integrity)
            std::rethrow_exception(failed);
        elsewhere.emplace(key.topic, failed);
    }
    for (const auto& [topic, failed] : elsewhere)
        if (!known_here.contains(topic))
            std::rethrow_exception(failed);
}

std::vector<std::string> topics_written_by(const configuration& settings) {
    std::vector<std::string> topics;
    if (settings.serving.offers(api::live))
        topics.emplace_back("live");
    if (settings.serving.offers(api::timestamps))
        topics.push_back(settings.journal.publish_topic);
    return topics;
}

} // namespace app
