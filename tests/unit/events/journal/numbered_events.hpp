// Events that say which number they have, and a look whether all are there.
#pragma once

#include "async/deadline.hpp"
#include "events/journal/journal.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace events::rig {

inline event make_event(std::int64_t number, std::size_t bytes = 0) {
    event made;
    if (number % 3 > 0)
        made.key = fmt::format("key {}", number % 7);
    if (number % 5 == 0)
        made.headers = {{"correlation", fmt::format("c-{}", number)}, {"empty", ""}};
    made.value = fmt::format("{{\"n\":{},\"pad\":\"{}\"}}", number, std::string(bytes, 'x'));
    return made;
}

inline std::vector<event> make_events(std::int64_t from, std::int64_t count, std::size_t bytes = 0) {
    std::vector<event> made;
    for (std::int64_t each = 0; each < count; ++each)
        made.push_back(make_event(from + each, bytes));
    return made;
}

inline async::deadline soon() { return async::deadline::after(std::chrono::seconds(20)); }
inline async::deadline at_once() { return async::deadline(async::deadline::clock::now()); }

// Everything from `from` on, in reads of about `bytes`.
inline awaitable<std::vector<recorded_event>> read_all(topic& from_topic, position from, std::size_t bytes) {
    std::vector<recorded_event> all;
    const auto there = co_await from_topic.look(0);
    while (from < there.end) {
        auto part = co_await from_topic.read(0, from, bytes, soon());
        EXPECT_FALSE(part.events.empty());
        if (part.events.empty())
            break;
        EXPECT_EQ(part.events.front().at, from);
        from = part.next;
        std::ranges::move(part.events, std::back_inserter(all));
    }
    co_return all;
}

// Dense from `first` on, in time's order, and the events that make_event makes of their positions' numbers.
inline void expect_dense(const std::vector<recorded_event>& all, position first, std::int64_t number,
                         std::size_t bytes = 0) {
    for (std::size_t each = 0; each < all.size(); ++each) {
        ASSERT_EQ(all[each].at, first + static_cast<position>(each));
        ASSERT_EQ(all[each].content, make_event(number + static_cast<std::int64_t>(each), bytes)) << each;
        if (each > 0) {
            ASSERT_LE(all[each - 1].time, all[each].time);
        }
    }
}

} // namespace events::rig
