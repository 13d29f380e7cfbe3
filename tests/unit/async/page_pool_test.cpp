#include "async/error.hpp"
#include "async/page_pool.hpp"
#include "tests/support/loop_fixture.hpp"

#include <vector>

namespace async {
namespace {

using test_support::background;

class page_pool_test : public test_support::loop_test {
  protected:
    page_pool pool_{io_.get_executor(), 3 * page_size + page_size / 2};
};

TEST_F(page_pool_test, gives_as_many_pages_as_the_budget_holds_whole) {
    EXPECT_EQ(pool_.capacity_pages(), 3U);
    std::vector<page> taken;
    for (int i = 0; i < 3; ++i) {
        taken.push_back(pool_.try_take());
        ASSERT_TRUE(taken.back());
        taken.back()[page_size - 1] = std::byte{7}; // all of it is ours
    }
    EXPECT_EQ(pool_.pages_left(), 0U);
    EXPECT_FALSE(pool_.try_take());
    EXPECT_EQ(pool_.used_pages(), 3U);

    taken.pop_back();

    EXPECT_EQ(pool_.pages_left(), 1U);
    EXPECT_EQ(pool_.used_pages(), 2U);
    EXPECT_TRUE(pool_.try_take()) << "and back at once, since nobody keeps it";
    EXPECT_EQ(pool_.used_pages(), 2U);
}

TEST_F(page_pool_test, holds_at_least_one_page) {
    const page_pool smallest(io_.get_executor(), 0);
    EXPECT_EQ(smallest.capacity_pages(), 1U);
}

TEST_F(page_pool_test, gives_fewer_pages_while_some_of_the_budget_is_set_aside) {
    page_pool pool(io_.get_executor(), 8 * page_size);

    pool.set_aside(1);
    EXPECT_EQ(pool.capacity_pages(), 7U) << "whole pages";
    pool.set_aside(100 * page_size);
    EXPECT_EQ(pool.capacity_pages(), 4U) << "never less than half";
    std::vector<page> taken;
    while (auto next = pool.try_take())
        taken.push_back(std::move(next));
    EXPECT_EQ(taken.size(), 4U);

    pool.take_back(100 * page_size + 1);
    EXPECT_EQ(pool.capacity_pages(), 8U);
    EXPECT_TRUE(pool.try_take());
}

TEST_F(page_pool_test, goes_beyond_the_budget_only_when_asked_to) {
    std::vector<page> taken;
    for (int i = 0; i < 5; ++i)
        taken.push_back(pool_.take_beyond());
    EXPECT_EQ(pool_.used_pages(), 5U);
    EXPECT_FALSE(pool_.try_take());

    taken.resize(3);
    EXPECT_FALSE(pool_.try_take()) << "the budget is still used up";
    taken.resize(2);
    EXPECT_TRUE(pool_.try_take());
}

TEST_F(page_pool_test, remembers_the_most_that_was_ever_in_use) {
    EXPECT_EQ(pool_.used_pages_peak(), 0U);
    {
        const auto one = pool_.try_take();
        const auto other = pool_.try_take();
        EXPECT_EQ(pool_.used_pages_peak(), 2U);
    }
    const auto again = pool_.try_take();
    EXPECT_EQ(pool_.used_pages(), 1U);
    EXPECT_EQ(pool_.used_pages_peak(), 2U);
}

TEST_F(page_pool_test, reuses_the_memory_that_came_back) {
    auto first = pool_.try_take();
    const auto* memory = first.get();
    first.reset();
    EXPECT_EQ(pool_.try_take().get(), memory);
}

TEST_F(page_pool_test, wakes_a_waiter_when_a_page_comes_back) {
    auto taken = pool_.try_take();
    background waiting(io_, pool_.wait());
    settle();
    EXPECT_FALSE(waiting.ended());

    taken.reset();
    settle();

    EXPECT_TRUE(waiting.ended());
    EXPECT_FALSE(waiting.failed());
}

TEST_F(page_pool_test, wakes_a_waiter_on_request) {
    background waiting(io_, pool_.wait());
    settle();
    pool_.wake_waiters();
    settle();
    EXPECT_TRUE(waiting.ended());
}

TEST_F(page_pool_test, lets_a_waiter_be_cancelled) {
    background waiting(io_, pool_.wait());
    settle();
    waiting.cancel();
    settle();
    EXPECT_TRUE(is_cancellation(waiting.failed()));
}

} // namespace
} // namespace async
