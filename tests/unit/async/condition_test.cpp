#include "async/condition.hpp"
#include "async/error.hpp"
#include "tests/support/loop_fixture.hpp"

namespace async {
namespace {

using test_support::background;

class condition_test : public test_support::loop_test {
  protected:
    condition changed_{io_.get_executor()};
};

TEST_F(condition_test, wakes_all_waiters) {
    background one(io_, changed_.wait());
    background other(io_, changed_.wait());
    settle();
    EXPECT_EQ(changed_.waiters(), 2U);
    EXPECT_FALSE(one.ended());

    changed_.notify_all();
    settle();

    EXPECT_TRUE(one.ended() && other.ended());
    EXPECT_FALSE(one.failed() || other.failed());
    EXPECT_EQ(changed_.waiters(), 0U);
}

TEST_F(condition_test, does_not_remember_a_notification_without_a_waiter) {
    changed_.notify_all();
    background late(io_, changed_.wait());
    settle();
    EXPECT_FALSE(late.ended());

    changed_.notify_all();
    settle();
    EXPECT_TRUE(late.ended());
}

TEST_F(condition_test, throws_to_a_cancelled_waiter_and_lets_the_others_wait) {
    background leaving(io_, changed_.wait());
    background staying(io_, changed_.wait());
    settle();

    leaving.cancel();
    settle();

    EXPECT_TRUE(is_cancellation(leaving.failed()));
    EXPECT_FALSE(staying.ended());
    EXPECT_EQ(changed_.waiters(), 1U);
    changed_.notify_all();
    settle();
    EXPECT_TRUE(staying.ended());
    EXPECT_FALSE(staying.failed());
}

TEST_F(condition_test, can_be_awaited_again_after_a_notification) {
    int rounds = 0;
    const auto story = [&]() -> awaitable<void> {
        for (; rounds < 3; ++rounds)
            co_await changed_.wait();
    };
    background waiting(io_, story());
    for (int expected = 0; expected < 3; ++expected) {
        settle();
        EXPECT_EQ(rounds, expected);
        EXPECT_FALSE(waiting.ended());
        changed_.notify_all();
    }
    settle();

    EXPECT_EQ(rounds, 3);
    EXPECT_TRUE(waiting.ended());
}

TEST_F(condition_test, ends_a_coroutine_that_is_cancelled_and_notified_in_one_instant) {
    const auto story = [&]() -> awaitable<void> {
        for (;;)
            co_await changed_.wait();
    };
    for (const bool notified_first : {false, true}) {
        SCOPED_TRACE(notified_first);
        background waiting(io_, story());
        settle();
        if (notified_first)
            changed_.notify_all();
        waiting.cancel();
        if (!notified_first)
            changed_.notify_all();
        settle();
        EXPECT_TRUE(is_cancellation(waiting.failed()));
    }
}

} // namespace
} // namespace async
