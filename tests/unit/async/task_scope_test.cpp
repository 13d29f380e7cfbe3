#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/task_scope.hpp"
#include "tests/support/loop_fixture.hpp"

#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace async {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using test_support::forever;
using test_support::pause;
using testing::ElementsAre;

class task_scope_test : public test_support::loop_test {
  protected:
    awaitable<void> notes(std::string text) {
        story_.push_back(std::move(text));
        co_return;
    }
    awaitable<void> ends_slowly() {
        const auto cancelled = co_await caught(forever());
        co_await ignoring_cancellation();
        co_await pause(2ms);
        story_.emplace_back("ended");
        std::rethrow_exception(cancelled);
    }
    static awaitable<void> fails(std::string message) {
        co_await pause(0ms);
        throw error(failure::temporary, message);
    }
    static awaitable<void> asleep() { co_await forever(); }

    std::vector<std::string> story_;
    task_scope scope_{io_.get_executor()};
};

TEST_F(task_scope_test, has_nothing_to_await_at_first) {
    run(scope_.join());
    EXPECT_EQ(scope_.size(), 0U);
}

TEST_F(task_scope_test, a_task_begins_at_once_and_is_forgotten_at_its_end) {
    scope_.start(notes("one"));
    scope_.start(notes("two"));
    EXPECT_EQ(scope_.size(), 2U);
    settle();
    EXPECT_EQ(scope_.size(), 0U);
    EXPECT_THAT(story_, ElementsAre("one", "two"));
}

TEST_F(task_scope_test, join_awaits_those_that_began_meanwhile) {
    const auto first = [this]() -> awaitable<void> {
        co_await pause(1ms);
        scope_.start(notes("late"));
    };
    scope_.start(first());
    run(scope_.join());
    EXPECT_THAT(story_, ElementsAre("late"));
}

TEST_F(task_scope_test, join_rethrows_the_first_failure_and_lets_the_others_go_on) {
    const auto slow = [this]() -> awaitable<void> {
        co_await pause(3ms);
        story_.emplace_back("done");
    };
    scope_.start(slow());
    scope_.start(fails("the first"));
    try {
        run(scope_.join());
        ADD_FAILURE() << "no error";
    } catch (const error& failed) {
        EXPECT_EQ(failed.message(), "the first");
    }
    EXPECT_THAT(story_, ElementsAre("done"));
    run(scope_.join()); // told once
}

TEST_F(task_scope_test, cancels_all_and_a_cancellation_is_not_a_failure) {
    scope_.start(ends_slowly());
    scope_.start(asleep());
    settle();
    scope_.cancel();
    run(scope_.join());
    EXPECT_THAT(story_, ElementsAre("ended"));
}

TEST_F(task_scope_test, a_cancelled_join_cancels_the_tasks_and_awaits_them) {
    scope_.start(ends_slowly());
    background joining(io_, scope_.join());
    settle();
    joining.cancel();
    run_dry();
    EXPECT_TRUE(is_cancellation(joining.failed()));
    EXPECT_THAT(story_, ElementsAre("ended"));
    EXPECT_EQ(scope_.size(), 0U);
}

TEST_F(task_scope_test, a_task_that_is_cancelled_before_it_began_ends_too) {
    boost::asio::co_spawn(
        io_,
        [this]() -> awaitable<void> {
            scope_.start(asleep());
            scope_.cancel();
            co_return;
        },
        [](const std::exception_ptr&) {});
    settle();
    EXPECT_EQ(scope_.size(), 0U);
}

TEST_F(task_scope_test, wait_ends_with_the_next_end_of_a_task) {
    scope_.start(asleep());
    background waiting(io_, scope_.wait());
    settle();
    EXPECT_FALSE(waiting.ended());
    scope_.start(notes("short"));
    settle();
    EXPECT_TRUE(waiting.ended());
    scope_.cancel();
    settle();
}

} // namespace
} // namespace async
