#include "events/projection/rebuild/rebuild_sources.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace events {

using async::failure;

awaitable<void> rebuild_sources::find() {
    const auto names = co_await journal_.topics();
    for (const auto& name : which_.definition.settings.topics) {
        if (std::ranges::find(names, name) == names.end())
            continue;
        auto* const source = co_await journal_.view(name);
        for (std::int32_t partition = 0; partition < source->partitions(); ++partition) {
            if (is_known(name, partition))
                continue;
            const auto there = co_await source->look(partition);
            must_have_all_events(name, there);
            const auto start = co_await find_start(*source, partition, there, from_);
            all_.push_back({source, partition, there, start});
        }
    }
    if (all_.empty())
        throw async::error(
            failure::precondition,
            fmt::format("projection '{}' has nothing to be rebuilt from: the journal has no topic"
                        " '{}'",
                        which_.name, which_.definition.settings.topics.front()));
    must_begin_within();
}

// Tables made from no event would replace those that are there.
void rebuild_sources::must_begin_within() const {
    const auto begins_within = [this](const rebuilt_partition& each) {
        return from_.at ? *from_.at <= each.there.end : each.start < each.there.end;
    };
    const bool asked = from_.at || from_.time;
    if (asked && std::ranges::none_of(all_, begins_within))
        throw async::error(
            failure::precondition,
            fmt::format(
                "projection '{}' has nothing to be rebuilt from: no event of topic '{}' is at the start"
                " that --from gives, or after it",
                which_.name, which_.definition.settings.topics.front()),
            "The tables would be empty. Give an earlier position or day.");
}

bool rebuild_sources::is_known(std::string_view name, std::int64_t partition) const {
    return std::ranges::any_of(all_, [&](const rebuilt_partition& each) {
        return each.source->name() == name && each.partition == partition;
    });
}

void rebuild_sources::must_have_all_events(const std::string& name, const extent& there) const {
    const bool given = from_.at || from_.time;
    if (there.begin > 0 && !given && which_.definition.settings.replay == replay_policy::truncate)
        throw async::error(
            failure::precondition,
            fmt::format("the events before position {} of topic '{}' have been removed: the tables of"
                        " projection '{}' cannot be made of the others",
                        there.begin, name, which_.name),
            "Where it can, say so: --from POSITION or --from TIME.");
}

awaitable<std::optional<async::error>> rebuild_sources::what_is_missing(db::connection& session) const {
    const auto rows = co_await session.query(
        "SELECT p.topic, p.partition, p.next FROM event_archiver.position p WHERE p.projection"
        " OPERATOR(pg_catalog.=) $1::pg_catalog.text AND p.next OPERATOR(pg_catalog.>) 0",
        which_.name);
    const auto& read = which_.definition.settings.topics;
    for (int row = 0; row < rows.rows(); ++row)
        if (std::ranges::find(read, rows.text(row, 0)) != read.end() &&
            !is_known(rows.text(row, 0), rows.integer(row, 1)))
            co_return async::error(
                failure::precondition,
                fmt::format("projection '{}' has applied events of topic '{}', partition {}, up to position"
                            " {}, and the journal has no such topic: the new tables would lack them",
                            which_.name, rows.text(row, 0), rows.integer(row, 1), rows.integer(row, 2)),
                "Bring the topic back. If its events no longer count, take it out of projection.conf.");
    co_return std::nullopt;
}

awaitable<bool> rebuild_sources::leave_events_out(db::connection& session) const {
    const auto rows =
        co_await session.query("SELECT p.topic FROM event_archiver.position p WHERE p.projection"
                               " OPERATOR(pg_catalog.=) $1::pg_catalog.text"
                               " AND p.next OPERATOR(pg_catalog.>) 0",
                               which_.name);
    bool left_out = from_.at || from_.time;
    const auto& read = which_.definition.settings.topics;
    for (int row = 0; row < rows.rows(); ++row)
        left_out = left_out || std::ranges::find(read, rows.text(row, 0)) == read.end();
    co_return left_out;
}

} // namespace events
