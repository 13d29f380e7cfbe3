#include "app/send/file_watch.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace app {
namespace {

using std::chrono::milliseconds;

change_watch::time_point at_ms(int ms) { return change_watch::time_point() + milliseconds(ms); }

TEST(change_watch, waits_until_the_file_is_there_and_quiet) {
    change_watch watch({});
    const file_state one{1, 10, 5};
    EXPECT_FALSE(watch.due({}, at_ms(0)));
    EXPECT_FALSE(watch.due({}, at_ms(900)));
    EXPECT_FALSE(watch.due(one, at_ms(1'000)));
    EXPECT_FALSE(watch.due(one, at_ms(1'499)));
    EXPECT_TRUE(watch.due(one, at_ms(1'500)));
}

TEST(change_watch, takes_changes_that_follow_each_other_for_one) {
    const file_state sent{1, 10, 5};
    change_watch watch(sent);
    EXPECT_FALSE(watch.due(sent, at_ms(0)));
    EXPECT_FALSE(watch.due(sent, at_ms(5'000)));
    for (int change = 1; change < 5; ++change)
        EXPECT_FALSE(watch.due(file_state{1, 10, 5 + change}, at_ms(5'000 + 400 * change)));
    EXPECT_FALSE(watch.due(file_state{1, 10, 9}, at_ms(7'000)));
    EXPECT_TRUE(watch.due(file_state{1, 10, 9}, at_ms(7'100)));
}

TEST(change_watch, does_not_send_a_file_again_that_came_back_as_it_was) {
    const file_state sent{1, 10, 5};
    change_watch watch(sent);
    EXPECT_FALSE(watch.due({}, at_ms(0)));
    EXPECT_FALSE(watch.due(sent, at_ms(600)));
    EXPECT_FALSE(watch.due(sent, at_ms(1'700)));
    EXPECT_FALSE(watch.due(file_state{2, 10, 5}, at_ms(2'000)));
    EXPECT_TRUE(watch.due(file_state{2, 10, 5}, at_ms(2'500)));
}

} // namespace
} // namespace app
