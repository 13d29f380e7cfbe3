#include "events/projection/pace.hpp"

#include <gtest/gtest.h>

namespace events {
namespace {

using seconds = std::chrono::duration<double>;

TEST(pace, is_what_was_applied_between_two_looks) {
    const auto found = pace_between({100, 1'000}, {300, 1'000}, seconds(2));
    ASSERT_TRUE(found);
    EXPECT_DOUBLE_EQ(found->rate, 100);
    EXPECT_DOUBLE_EQ(found->seconds_left.value(), 7);
}

TEST(pace, counts_the_events_that_come_meanwhile) {
    EXPECT_DOUBLE_EQ(pace_between({0, 1'000}, {100, 1'050}, seconds(1))->seconds_left.value(), 950 / 50.0);
    EXPECT_FALSE(pace_between({0, 1'000}, {100, 1'100}, seconds(1))->seconds_left) << "as many come";
    EXPECT_FALSE(pace_between({0, 1'000}, {0, 1'000}, seconds(1))->seconds_left) << "nothing is applied";
    EXPECT_DOUBLE_EQ(pace_between({0, 100}, {100, 100}, seconds(1))->seconds_left.value(), 0);
}

TEST(pace, is_not_known_after_a_replay_or_in_no_time) {
    EXPECT_FALSE(pace_between({100, 1'000}, {0, 1'000}, seconds(1)));
    EXPECT_FALSE(pace_between({0, 1'000}, {10, 900}, seconds(1)));
    EXPECT_FALSE(pace_between({0, 1'000}, {10, 1'000}, seconds(0)));
}

} // namespace
} // namespace events
