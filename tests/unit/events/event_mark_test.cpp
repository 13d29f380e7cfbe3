#include "events/event_mark.hpp"

#include <gtest/gtest.h>

#include <set>

namespace events {

namespace {

recorded_event event_with(std::optional<std::string> key, std::vector<header> headers, std::string value) {
    return {7,
            event_time(std::chrono::microseconds(1'764'000'000'123'456)),
            {std::move(key), std::move(headers), std::move(value)}};
}

} // namespace

TEST(event_mark, is_of_position_time_and_all_that_the_event_says) {
    auto moved = event_with("k", {}, "1");
    moved.at = 8;
    auto later = event_with("k", {}, "1");
    later.time += std::chrono::microseconds(1);
    const std::set<std::string> marks{mark_of(event_with("k", {}, "1")),
                                      mark_of(event_with("k", {}, "2")),
                                      mark_of(event_with({}, {}, "1")),
                                      mark_of(event_with("", {}, "1")),
                                      mark_of(event_with("k", {{"a", "b"}}, "1")),
                                      mark_of(event_with("k", {{"ab", ""}}, "1")),
                                      mark_of(event_with("k1", {}, "")),
                                      mark_of(moved),
                                      mark_of(later)};
    EXPECT_EQ(marks.size(), 9U);
}

// It stands in databases.
TEST(event_mark, does_not_change_its_form) {
    EXPECT_EQ(mark_of(event_with("k", {{"a", "b"}}, "1")), mark_of(event_with("k", {{"a", "b"}}, "1")));
    EXPECT_EQ(mark_of(event_with("k", {}, "1")).substr(0, 19), "7 1764000000123456 ");
}

} // namespace events
