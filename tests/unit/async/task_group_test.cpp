#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/error.hpp"
#include "async/task_group.hpp"
#include "tests/support/loop_fixture.hpp"

#include <gmock/gmock.h>
#include <memory>
#include <string>

namespace async {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using test_support::forever;
using test_support::pause;
using testing::ElementsAre;

class run_all_test : public test_support::loop_test {};

template <typename... Tasks>
std::vector<awaitable<void>> all_of(Tasks... tasks) {
    std::vector<awaitable<void>> list;
    (list.push_back(std::move(tasks)), ...);
    return list;
}

awaitable<void> notes(std::vector<std::string>& story, std::string text, std::chrono::milliseconds after) {
    co_await pause(after);
    story.push_back(std::move(text));
}

awaitable<void> fails(std::string message) {
    co_await pause(0ms);
    throw error(failure::temporary, message);
}

// Takes its time to end once cancelled, then fails with `message`, or with the cancellation if that is empty.
awaitable<void> ends_slowly(std::vector<std::string>& story, std::string message) {
    const auto cancelled = co_await caught(forever());
    co_await ignoring_cancellation();
    co_await pause(2ms);
    story.emplace_back("ended");
    if (!message.empty())
        throw error(failure::integrity, message);
    std::rethrow_exception(cancelled);
}

TEST_F(run_all_test, runs_all_tasks_at_once) {
    std::vector<std::string> story;
    run(run_all(all_of(notes(story, "late", 10ms), notes(story, "early", 0ms))));

    EXPECT_THAT(story, ElementsAre("early", "late"));
}

TEST_F(run_all_test, is_done_at_once_with_nothing_to_do) {
    background work(io_, run_all({}));
    settle();
    EXPECT_TRUE(work.ended());
}

TEST_F(run_all_test, cancels_the_siblings_of_the_first_to_fail_and_awaits_them_all) {
    std::vector<std::string> story;
    background work(io_, run_all(all_of(ends_slowly(story, ""), fails("no room"), ends_slowly(story, ""))));
    run_dry();

    EXPECT_TRUE(work.ended());
    EXPECT_EQ(describe(work.failed()), "no room");
    EXPECT_THAT(story, ElementsAre("ended", "ended"));
}

TEST_F(run_all_test, reports_the_first_of_several_failures) {
    std::vector<std::string> story;
    background work(io_, run_all(all_of(ends_slowly(story, "a consequence"), fails("the cause"))));
    run_dry();

    EXPECT_EQ(describe(work.failed()), "the cause");
}

TEST_F(run_all_test, prefers_a_failure_to_the_cancellations_before_it) {
    std::vector<std::string> story;
    background work(io_, run_all(all_of(forever(), ends_slowly(story, "half done"), forever())));
    settle();
    work.cancel();
    run_dry();

    EXPECT_EQ(describe(work.failed()), "half done");
}

TEST_F(run_all_test, passes_an_outer_cancellation_to_every_task_and_back) {
    std::vector<std::string> story;
    background work(io_, run_all(all_of(ends_slowly(story, ""), ends_slowly(story, ""))));
    settle();
    work.cancel();
    run_dry();

    EXPECT_TRUE(is_cancellation(work.failed()));
    EXPECT_THAT(story, ElementsAre("ended", "ended"));
}

class for_each_bounded_test : public test_support::loop_test {
  protected:
    // Records when it begins, and how many are in flight; task 5 takes longest.
    awaitable<void> task(std::size_t index) {
        begun_.push_back(index);
        width_seen_ = std::max(width_seen_, ++in_flight_);
        co_await pause(index == 5 ? 4ms : 0ms);
        --in_flight_;
    }

    std::vector<std::size_t> begun_;
    std::size_t in_flight_ = 0;
    std::size_t width_seen_ = 0;
};

TEST_F(for_each_bounded_test, calls_every_index_in_order_with_no_more_than_width_in_flight) {
    const std::function<awaitable<void>(std::size_t)> each = [this](std::size_t i) { return task(i); };
    for (const std::size_t width : {0U, 1U, 2U, 3U, 7U, 20U, 100U}) {
        SCOPED_TRACE(width);
        begun_.clear();
        width_seen_ = 0;

        run(for_each_bounded(20, width, each));

        ASSERT_EQ(begun_.size(), 20U);
        for (std::size_t i = 0; i < 20; ++i)
            EXPECT_EQ(begun_[i], i);
        EXPECT_EQ(width_seen_, std::clamp<std::size_t>(width, 1, 20));
        EXPECT_EQ(in_flight_, 0U);
    }
}

TEST_F(for_each_bounded_test, is_done_at_once_with_nothing_to_do) {
    const std::function<awaitable<void>(std::size_t)> each = [this](std::size_t i) { return task(i); };
    background work(io_, for_each_bounded(0, 4, each));
    settle();

    EXPECT_TRUE(work.ended());
    EXPECT_TRUE(begun_.empty());
}

TEST_F(for_each_bounded_test, begins_nothing_more_once_a_task_has_failed) {
    const auto step = [this](std::size_t index) -> awaitable<void> {
        begun_.push_back(index);
        if (index == 2)
            throw error(failure::temporary, "no room");
        co_await forever();
    };
    background work(io_, for_each_bounded(1000, 3, step));
    run_dry();

    EXPECT_EQ(describe(work.failed()), "no room");
    EXPECT_THAT(begun_, ElementsAre(0, 1, 2));
}

TEST_F(for_each_bounded_test, keeps_the_task_alive_until_all_have_ended) {
    auto owned = std::make_shared<int>(0);
    const std::weak_ptr<int> alive = owned;
    bool seen_alive = false;
    {
        std::function<awaitable<void>(std::size_t)> each = [owned](std::size_t) { return pause(1ms); };
        owned.reset();
        background work(io_, for_each_bounded(3, 1, std::move(each)));
        each = nullptr;
        settle();
        seen_alive = !alive.expired();
        run_dry();
        EXPECT_TRUE(work.ended());
    }
    EXPECT_TRUE(seen_alive);
    EXPECT_TRUE(alive.expired());
}

} // namespace
} // namespace async
