#include "async/cleanup.hpp"
#include "async/error.hpp"
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
using testing::IsEmpty;

class with_cleanup_test : public test_support::loop_test {
  protected:
    awaitable<void> body(std::string message) {
        if (message == "wait")
            co_await forever();
        co_await pause(0ms);
        if (!message.empty())
            throw error(failure::temporary, message);
    }
    awaitable<void> teardown(std::string message, std::chrono::milliseconds takes) {
        story_.emplace_back("teardown");
        co_await pause(takes);
        if (!message.empty())
            throw error(failure::integrity, message);
        story_.emplace_back("torn down");
    }
    awaitable<void> work(std::string fails, std::string teardown_fails = {},
                         std::chrono::milliseconds takes = 1ms, deadline::clock::duration patience = 1h) {
        std::function<awaitable<void>()> undo = [this, teardown_fails, takes] {
            return teardown(teardown_fails, takes);
        };
        std::function<void(std::exception_ptr)> report = [this](std::exception_ptr failed) {
            story_.push_back("reported: " + describe(failed));
        };
        return with_cleanup(body(std::move(fails)), std::move(undo), patience, std::move(report));
    }

    std::vector<std::string> story_;
};

TEST_F(with_cleanup_test, tears_nothing_down_after_success) {
    run(work(""));
    EXPECT_THAT(story_, IsEmpty());
}

TEST_F(with_cleanup_test, tears_down_after_a_failure_and_rethrows_it) {
    background working(io_, work("no room"));
    run_dry();

    EXPECT_EQ(describe(working.failed()), "no room");
    EXPECT_THAT(story_, ElementsAre("teardown", "torn down"));
}

TEST_F(with_cleanup_test, tears_down_to_the_end_after_a_cancellation_and_during_another) {
    background working(io_, work("wait"));
    settle();
    working.cancel();
    settle();
    EXPECT_THAT(story_, ElementsAre("teardown"));
    working.cancel();
    run_dry();

    EXPECT_THAT(story_, ElementsAre("teardown", "torn down"));
    EXPECT_TRUE(is_cancellation(working.failed()));
}

TEST_F(with_cleanup_test, reports_a_teardown_that_fails_and_rethrows_the_first_error) {
    background working(io_, work("no room", "cannot put it back"));
    run_dry();

    EXPECT_EQ(describe(working.failed()), "no room");
    EXPECT_THAT(story_, ElementsAre("teardown", "reported: cannot put it back"));
}

TEST_F(with_cleanup_test, gives_up_on_a_teardown_that_outlasts_its_patience) {
    background working(io_, work("no room", "", 1h, 2ms));
    run_dry();

    EXPECT_EQ(describe(working.failed()), "no room");
    EXPECT_THAT(story_, ElementsAre("teardown", "reported: timed out waiting for cleanup"));
}

TEST_F(with_cleanup_test, works_without_a_handler_of_failed_teardowns) {
    std::function<awaitable<void>()> undo = [this] { return teardown("cannot put it back", 0ms); };
    background working(io_, with_cleanup(body("no room"), undo, 1h, nullptr));
    run_dry();
    EXPECT_EQ(describe(working.failed()), "no room");
}

} // namespace
} // namespace async
