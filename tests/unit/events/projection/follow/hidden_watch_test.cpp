#include "events/projection/follow/hidden_watch.hpp"

#include <gtest/gtest.h>

namespace events {
namespace {

using namespace std::chrono_literals;

constexpr hidden_watch::clock::time_point start{};

TEST(hidden_watch, tells_once_when_patience_is_over) {
    hidden_watch watch;
    EXPECT_FALSE(watch.must_tell(3, 5, 30s, start));
    EXPECT_FALSE(watch.must_tell(3, 6, 30s, start + 29s));
    EXPECT_TRUE(watch.must_tell(3, 6, 30s, start + 30s));
    EXPECT_FALSE(watch.must_tell(3, 6, 30s, start + 90s));
}

TEST(hidden_watch, begins_again_at_another_place) {
    hidden_watch watch;
    EXPECT_TRUE(watch.must_tell(3, 5, 0s, start));
    EXPECT_FALSE(watch.must_tell(4, 5, 30s, start + 31s));
    EXPECT_TRUE(watch.must_tell(4, 5, 30s, start + 61s));
}

TEST(hidden_watch, tells_again_what_was_read_meanwhile) {
    hidden_watch watch;
    EXPECT_TRUE(watch.must_tell(3, 5, 0s, start));
    watch.forget();
    EXPECT_TRUE(watch.must_tell(3, 5, 0s, start + 1s));
    EXPECT_FALSE(watch.must_tell(3, 3, 0s, start + 2s)); // nothing is hidden
    EXPECT_TRUE(watch.must_tell(3, 5, 0s, start + 3s));
}

// `project --once` ends: it does not wait for half a minute, and has seen them on its way.
TEST(hidden_watch, tells_at_the_end_what_was_seen_a_moment_before) {
    hidden_watch watch;
    EXPECT_FALSE(watch.must_tell(3, 5, 30s, start));
    EXPECT_TRUE(watch.must_tell(3, 5, 0s, start + 1ms));
}

TEST(hidden_watch, an_engine_that_hides_none_is_not_told_of) {
    hidden_watch watch;
    EXPECT_FALSE(watch.must_tell(3, 0, 0s, start));
}

} // namespace
} // namespace events
