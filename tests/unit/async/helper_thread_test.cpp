#include "async/error.hpp"
#include "async/helper_thread.hpp"
#include "async/task_group.hpp"
#include "tests/support/loop_fixture.hpp"

#include <atomic>
#include <csignal>
#include <future>
#include <gmock/gmock.h>
#include <latch>
#include <thread>

namespace async {
namespace {

using test_support::background;

// What a blocking call and its test share: the call blocks until it is opened.
struct gate {
    std::promise<void> opened;
    std::shared_future<void> open = opened.get_future().share();
    std::atomic<bool> passed = false;
};

std::function<void()> call_through(const std::shared_ptr<gate>& blocking) {
    return [blocking] {
        blocking->open.wait();
        blocking->passed = true;
    };
}

class helper_thread_test : public test_support::loop_test {
  protected:
    helper_thread helper_;
};

TEST_F(helper_thread_test, runs_a_call_on_another_thread_and_returns_when_it_has_ended) {
    std::thread::id where;
    const auto story = [&]() -> awaitable<void> {
        std::function<void()> call = [&where] { where = std::this_thread::get_id(); };
        co_await helper_.run(std::move(call));
        EXPECT_NE(where, std::thread::id());
        EXPECT_NE(where, std::this_thread::get_id());
    };
    run(story());
}

TEST_F(helper_thread_test, keeps_the_loop_free_while_a_call_blocks) {
    const auto blocking = std::make_shared<gate>();
    background waiting(io_, helper_.run(call_through(blocking)));
    background other(io_, test_support::pause(std::chrono::milliseconds(0)));
    while (!other.ended())
        settle();
    EXPECT_FALSE(waiting.ended());

    blocking->opened.set_value();
    run_dry();

    EXPECT_TRUE(waiting.ended());
    EXPECT_TRUE(blocking->passed);
}

TEST_F(helper_thread_test, rethrows_what_the_call_throws_and_can_be_used_again) {
    background failing(io_, helper_.run([] { throw error(failure::temporary, "no such host"); }));
    run_dry();
    EXPECT_EQ(describe(failing.failed()), "no such host");

    bool called = false;
    run(helper_.run([&called] { called = true; }));
    EXPECT_TRUE(called);
}

TEST_F(helper_thread_test, returns_at_once_when_cancelled_and_the_call_ends_unobserved) {
    const auto blocking = std::make_shared<gate>();
    background waiting(io_, helper_.run(call_through(blocking)));
    settle();

    waiting.cancel();
    settle();
    EXPECT_TRUE(is_cancellation(waiting.failed()));
    EXPECT_FALSE(blocking->passed);

    EXPECT_EQ(helper_.lingering(), 1U);
    run_dry(); // the loop ends all the same

    blocking->opened.set_value();
    while (helper_.lingering() > 0)
        std::this_thread::yield();
    EXPECT_TRUE(blocking->passed);
}

TEST_F(helper_thread_test, ends_a_call_that_was_left_to_it_and_the_loop_does_not_wait) {
    const auto blocking = std::make_shared<gate>();
    helper_.leave(call_through(blocking));
    EXPECT_EQ(helper_.lingering(), 1U);
    run_dry();
    EXPECT_FALSE(blocking->passed);

    blocking->opened.set_value();
    while (helper_.lingering() > 0)
        std::this_thread::yield();
    EXPECT_TRUE(blocking->passed);
}

TEST_F(helper_thread_test, keeps_the_loop_running_for_a_call_that_something_waits_for) {
    const auto blocking = std::make_shared<gate>();
    background waiting(io_, helper_.run(call_through(blocking)));
    std::thread opener([blocking] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        blocking->opened.set_value();
    });
    run_dry();
    opener.join();

    EXPECT_TRUE(waiting.ended());
    EXPECT_EQ(helper_.lingering(), 0U);
}

TEST_F(helper_thread_test, lets_no_call_wait_for_another_where_they_run_side_by_side) {
    helper_thread side_by_side(helper_thread::order::side_by_side);
    const auto blocking = std::make_shared<gate>();
    background waiting(io_, side_by_side.run(call_through(blocking)));
    settle();

    bool called = false;
    background other(io_, side_by_side.run([&called] { called = true; }));
    while (!other.ended())
        settle();
    EXPECT_TRUE(called);
    EXPECT_FALSE(blocking->passed);

    blocking->opened.set_value();
    run_dry();
    EXPECT_TRUE(waiting.ended());
}

TEST_F(helper_thread_test, runs_calls_one_after_the_other_in_order) {
    std::vector<int> order; // touched by the one helper thread only, until all have ended
    std::vector<awaitable<void>> calls;
    for (int i = 0; i < 10; ++i)
        calls.push_back(helper_.run([&order, i] { order.push_back(i); }));
    run(run_all(std::move(calls)));

    EXPECT_THAT(order, testing::ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
}

// The loop's thread answers it. A helper thread would die of it, and the process with it.
TEST_F(helper_thread_test, leaves_the_signal_that_asks_for_progress_to_the_loop) {
    helper_thread side_by_side(helper_thread::order::side_by_side);
    std::vector<int> blocked(4);
    std::latch all_at_once(3);
    const auto is_blocked = [] {
        sigset_t mask{};
        ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
        return ::sigismember(&mask, SIGUSR1);
    };
    std::vector<awaitable<void>> calls;
    for (std::size_t which = 0; which < 3; ++which)
        calls.push_back(side_by_side.run([&, which] {
            all_at_once.arrive_and_wait(); // so that each has a thread of its own
            blocked[which] = is_blocked();
        }));
    calls.push_back(helper_.run([&] { blocked[3] = is_blocked(); }));
    run(run_all(std::move(calls)));

    EXPECT_THAT(blocked, testing::Each(1));
    EXPECT_EQ(is_blocked(), 0);
}

TEST_F(helper_thread_test, waits_for_the_call_in_progress_when_destroyed) {
    const auto blocking = std::make_shared<gate>();
    auto helper = std::make_unique<helper_thread>();
    background waiting(io_, helper->run(call_through(blocking)));
    settle();
    waiting.cancel();
    settle();

    std::thread opener([blocking] { blocking->opened.set_value(); });
    helper.reset();
    EXPECT_TRUE(blocking->passed);
    opener.join();
    run_dry();
}

} // namespace
} // namespace async
