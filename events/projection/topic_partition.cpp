#include "events/projection/topic_partition.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace events {

namespace {

constexpr std::chrono::seconds one_event_patience{5};

} // namespace

awaitable<std::vector<partition_place>> places_of(journal& of, std::vector<std::string> wanted) {
    std::vector<partition_place> found;
    const auto names = co_await of.topics();
    for (const auto& name : wanted) {
        if (std::ranges::find(names, name) == names.end())
            continue;
        auto* const source = co_await of.view(name);
        for (std::int32_t partition = 0; partition < source->partitions(); ++partition)
            found.push_back({source, partition});
    }
    co_return found;
}

awaitable<std::vector<topic_partition>> partitions_of(journal& of, std::vector<std::string> wanted) {
    std::vector<topic_partition> found;
    const auto places = co_await places_of(of, std::move(wanted));
    for (const auto& each : places) {
        auto there = co_await each.source->look(each.partition);
        found.push_back({each.source, each.partition, std::move(there)});
    }
    co_return found;
}

awaitable<std::optional<recorded_event>> event_at(topic& of, std::int32_t partition, position at) {
    auto read = co_await of.read(partition, at, 1, async::deadline::after(one_event_patience));
    if (read.events.empty())
        co_return std::nullopt;
    co_return std::move(read.events.front());
}

} // namespace events
