#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/race.hpp"
#include "async/task_group.hpp"
#include "tests/support/loop_fixture.hpp"

namespace async {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using test_support::forever;
using test_support::pause;

class shielded_test : public test_support::loop_test {};

TEST_F(shielded_test, runs_to_its_end_although_the_caller_is_being_cancelled) {
    bool ended = false;
    const auto operation = [&]() -> awaitable<int> {
        co_await pause(2ms);
        co_await pause(0ms);
        ended = true;
        co_return 7;
    };
    int value = 0;
    const auto story = [&]() -> awaitable<void> { value = co_await shielded(operation()); };
    background work(io_, story());
    settle();
    work.cancel();
    run_dry();

    EXPECT_TRUE(ended);
    EXPECT_EQ(value, 7);
    EXPECT_FALSE(work.failed());
}

TEST_F(shielded_test, lets_the_caller_be_cancelled_again_afterwards) {
    bool passed = false;
    const auto story = [&]() -> awaitable<void> {
        co_await shielded(pause(0ms));
        passed = true;
        co_await forever();
    };
    background work(io_, story());
    while (!passed)
        settle();
    EXPECT_FALSE(work.ended());
    work.cancel();
    settle();

    EXPECT_TRUE(is_cancellation(work.failed()));
}

TEST_F(shielded_test, passes_an_error_and_lets_the_caller_be_cancelled_after_that_too) {
    const auto operation = []() -> awaitable<void> {
        co_await pause(0ms);
        throw error(failure::temporary, "no answer");
    };
    std::exception_ptr failed;
    const auto story = [&]() -> awaitable<void> {
        failed = co_await caught(shielded(operation()));
        co_await forever();
    };
    background work(io_, story());
    while (!failed)
        settle();
    work.cancel();
    settle();

    EXPECT_EQ(describe(failed), "no answer");
    EXPECT_TRUE(is_cancellation(work.failed()));
}

TEST_F(shielded_test, ends_the_caller_at_its_next_await_when_a_cancellation_came_meanwhile) {
    int value = 0;
    bool went_on = false;
    const auto operation = []() -> awaitable<int> {
        co_await pause(2ms);
        co_return 7;
    };
    const auto story = [&]() -> awaitable<void> {
        value = co_await shielded(operation());
        co_await pause(0ms);
        went_on = true;
    };
    background work(io_, story());
    settle();
    work.cancel();
    run_dry();

    EXPECT_EQ(value, 7);
    EXPECT_FALSE(went_on);
    EXPECT_TRUE(is_cancellation(work.failed()));
}

TEST_F(shielded_test, prefers_the_error_of_the_operation_to_a_cancellation_that_came_meanwhile) {
    const auto operation = []() -> awaitable<void> {
        co_await pause(2ms);
        throw error(failure::temporary, "no answer");
    };
    std::exception_ptr failed;
    const auto story = [&]() -> awaitable<void> {
        failed = co_await caught(shielded(operation()));
        co_await pause(0ms);
    };
    background work(io_, story());
    settle();
    work.cancel();
    run_dry();

    EXPECT_EQ(describe(failed), "no answer");
    EXPECT_TRUE(is_cancellation(work.failed()));
}

TEST_F(shielded_test, holds_until_the_outermost_ends) {
    bool inner_ended = false;
    bool outer_ended = false;
    const auto outer = [&]() -> awaitable<void> {
        co_await shielded(pause(0ms));
        inner_ended = true;
        co_await pause(2ms);
        outer_ended = true;
    };
    const auto story = [&]() -> awaitable<void> {
        co_await shielded(outer());
        co_await forever();
    };
    background work(io_, story());
    while (!inner_ended)
        settle();
    work.cancel();
    run_dry();

    EXPECT_TRUE(outer_ended);
    EXPECT_TRUE(is_cancellation(work.failed()));
}

TEST_F(shielded_test, holds_for_what_is_awaited_under_a_deadline_and_in_a_group) {
    int ended = 0;
    const auto one = [&]() -> awaitable<void> {
        co_await pause(2ms);
        ++ended;
    };
    const auto both = [&]() -> awaitable<void> {
        std::vector<awaitable<void>> tasks;
        tasks.push_back(one());
        tasks.push_back(with_deadline(one(), deadline::after(60s), "the second"));
        co_await run_all(std::move(tasks));
    };
    background work(io_, shielded(both()));
    settle();
    work.cancel();
    run_dry();

    EXPECT_EQ(ended, 2);
    EXPECT_FALSE(work.failed());
}

class ignoring_cancellation_test : public test_support::loop_test {};

TEST_F(ignoring_cancellation_test, lets_a_cancelled_coroutine_clean_up_while_it_is_cancelled_again) {
    bool began = false;
    bool ended = false;
    const auto story = [&]() -> awaitable<void> {
        co_await caught(forever());
        co_await ignoring_cancellation();
        began = true;
        co_await pause(2ms);
        ended = true;
    };
    background work(io_, story());
    settle();
    work.cancel();
    settle();
    ASSERT_TRUE(began);
    work.cancel();
    run_dry();

    EXPECT_TRUE(ended);
    EXPECT_FALSE(work.failed());
}

TEST_F(ignoring_cancellation_test, holds_for_what_is_awaited_under_a_deadline_too) {
    std::exception_ptr failed;
    const auto story = [&]() -> awaitable<void> {
        co_await ignoring_cancellation();
        failed = co_await caught(with_deadline(forever(), deadline::after(5ms), "cleanup"));
    };
    background work(io_, story());
    settle();
    work.cancel();
    run_dry();

    EXPECT_EQ(describe(failed), "timed out waiting for cleanup");
}

TEST_F(ignoring_cancellation_test, ends_where_the_coroutine_heeds_it_again_and_forgets_what_came) {
    bool heeding = false;
    const auto story = [&]() -> awaitable<void> {
        co_await caught(forever());
        co_await ignoring_cancellation();
        co_await heeding_cancellation();
        co_await pause(0ms);
        heeding = true;
        co_await forever();
    };
    background work(io_, story());
    settle();
    work.cancel();
    while (!heeding && !work.ended())
        settle();
    EXPECT_FALSE(work.ended());
    work.cancel();
    settle();

    EXPECT_TRUE(is_cancellation(work.failed()));
}

} // namespace
} // namespace async
