#include "app/serve/memory_budget.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(memory_budget, is_shared_and_given_back) {
    memory_budget budget(100);
    auto one = budget.take(60);
    ASSERT_TRUE(one);
    EXPECT_FALSE(budget.take(41));
    const auto other = budget.take(40);
    EXPECT_TRUE(other);
    EXPECT_FALSE(one->resize(61));
    EXPECT_TRUE(one->resize(10));
    EXPECT_EQ(budget.taken(), 50U);
    one.reset();
    EXPECT_EQ(budget.taken(), 40U);
}

TEST(memory_budget, lets_a_large_body_in_that_is_alone) {
    memory_budget budget(100);
    {
        const auto alone = budget.take(1'000);
        EXPECT_TRUE(alone);
        EXPECT_FALSE(budget.take(1));
        EXPECT_TRUE(alone->resize(2'000));
    }
    EXPECT_EQ(budget.taken(), 0U);
}

} // namespace
} // namespace app
