#include "events/projection/follow/waiting_progress.hpp"

#include "async/caught.hpp"
#include "async/race.hpp"
#include "events/projection/topic_partition.hpp"

#include <algorithm>
#include <tuple>

namespace events {

namespace {

constexpr std::chrono::seconds look_at_ends_every{5};
constexpr std::chrono::seconds look_patience{1};

} // namespace

awaitable<void> waiting_progress::look(journal& source, std::vector<std::string> topics) {
    since_ = since_.value_or(std::chrono::system_clock::now());
    if (!look_due_.passed())
        co_return;
    look_due_ = async::deadline::after(look_at_ends_every);
    // Whether a person has resumed it is looked at in between.
    (void)co_await async::caught_error(async::with_deadline(
        look_now(source, std::move(topics)), async::deadline::after(look_patience), "the journal"));
}

awaitable<void> waiting_progress::look_now(journal& source, std::vector<std::string> topics) {
    auto found = co_await partitions_of(source, std::move(topics));
    for (auto& each : found)
        there_.insert_or_assign({each.source->name(), each.partition}, std::move(each.there));
}

std::vector<stream_progress> waiting_progress::of(const std::string& projection, const std::string& reason,
                                                  const std::vector<std::string>& topics,
                                                  const std::vector<reached_position>& reached) const {
    std::map<place, std::optional<position>> all; // nullopt: the database has no position of it
    for (const auto& topic : topics)
        all[{topic, 0}];
    for (const auto& [where, there] : there_)
        all[where];
    for (const auto& each : reached)
        all[{each.key.topic, each.key.partition}] = each.next;
    std::vector<stream_progress> made;
    for (const auto& [where, next] : all) {
        auto& each = made.emplace_back();
        each.projection = projection;
        std::tie(each.topic, each.partition) = where;
        each.state = stream_state::failed;
        each.reason = reason;
        each.moved = since_.value_or(std::chrono::system_clock::now());
        const auto there = there_.find(where);
        each.known = there != there_.end() && !reached.empty();
        if (!each.known)
            continue;
        each.next = std::max(next.value_or(0), there->second.begin);
        each.end = std::max(there->second.end, each.next);
    }
    return made;
}

} // namespace events
