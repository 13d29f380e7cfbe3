#include "events/projection/follow/read_ahead.hpp"

#include <gtest/gtest.h>

namespace events {
namespace {

constexpr position no_replay = 0;

recorded_event at(position where) {
    recorded_event made;
    made.at = where;
    made.time = event_time(std::chrono::microseconds(where));
    return made;
}

TEST(read_ahead, gives_batches_until_it_is_empty) {
    read_ahead ahead;
    EXPECT_TRUE(ahead.is_empty());
    EXPECT_FALSE(ahead.has_more_than(0));
    ahead.hold({at(3), at(4), at(6)}); // 5 holds no event
    EXPECT_EQ(ahead.oldest(), at(3).time);
    auto batch = ahead.next_batch(2, no_replay);
    ASSERT_EQ(batch.size(), 2U);
    EXPECT_EQ(ahead.end_of(batch), 5);
    EXPECT_EQ(ahead.take(2).front().at, 3);
    EXPECT_EQ(ahead.oldest(), at(6).time);
    batch = ahead.next_batch(2, no_replay);
    ASSERT_EQ(batch.size(), 1U);
    EXPECT_EQ(ahead.end_of(batch), 7);
    ahead.take(1);
    EXPECT_TRUE(ahead.is_empty());
    EXPECT_FALSE(ahead.has_more_than(7));
    EXPECT_FALSE(ahead.oldest());
}

TEST(read_ahead, goes_on_behind_an_event_that_was_not_taken) {
    read_ahead ahead;
    ahead.hold({at(0), at(1), at(2)});
    EXPECT_TRUE(ahead.take(0).empty()); // the first one blocks the projection
    EXPECT_EQ(ahead.next_batch(9, no_replay).front().at, 0);
}

TEST(read_ahead, a_batch_ends_where_a_replay_ends) {
    read_ahead ahead;
    ahead.hold({at(0), at(1), at(2), at(3)});
    EXPECT_EQ(ahead.next_batch(9, 2).size(), 2U);
    EXPECT_EQ(ahead.next_batch(1, 2).size(), 1U);
    EXPECT_EQ(ahead.next_batch(9, 9).size(), 4U);
    ahead.take(2);
    EXPECT_EQ(ahead.next_batch(9, 2).size(), 2U); // all of them are new
}

TEST(read_ahead, a_gap_moves_the_position_without_an_event) {
    read_ahead ahead;
    ahead.hold({at(0)});
    ahead.hold_none_before(4);
    EXPECT_TRUE(ahead.is_empty());
    EXPECT_TRUE(ahead.has_more_than(3));
    EXPECT_FALSE(ahead.has_more_than(4));
    const auto batch = ahead.next_batch(9, no_replay);
    EXPECT_TRUE(batch.empty());
    EXPECT_EQ(ahead.end_of(batch), 4);
    ahead.drop();
    EXPECT_FALSE(ahead.has_more_than(3));
}

} // namespace
} // namespace events
