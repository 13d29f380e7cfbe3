// Where a time begins in a topic.
// Tested by tests/integration/test_replays.py.
#include "events/journal/segments/segment_topic.hpp"

#include <chrono>

namespace events {

namespace {

constexpr std::chrono::seconds found_patience{5};

} // namespace

// Times do not go back here: halves are looked at.
awaitable<position> segment_topic::first_since(std::int32_t partition, event_time time) {
    const auto there = co_await look(partition);
    auto low = there.begin;
    auto high = there.end;
    while (low < high) {
        const auto middle = low + (high - low) / 2;
        const auto found = co_await read(partition, middle, 1, async::deadline::after(found_patience));
        if (!found.events.empty() && found.events.front().time < time)
            low = found.events.front().at + 1;
        else
            high = middle;
    }
    co_return low;
}

} // namespace events
