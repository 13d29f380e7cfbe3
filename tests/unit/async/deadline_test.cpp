#include "async/deadline.hpp"

#include <gtest/gtest.h>

namespace async {
namespace {

using namespace std::chrono_literals;
using clock = deadline::clock;

TEST(deadline, is_never_unless_it_is_given) {
    const deadline never;

    EXPECT_TRUE(never.never());
    EXPECT_FALSE(never.passed());
    EXPECT_EQ(never.left(), clock::duration::max());
    EXPECT_EQ(never.at(), clock::time_point::max());
}

TEST(deadline, has_passed_once_its_point_in_time_has_come) {
    const deadline past(clock::now());

    EXPECT_TRUE(past.passed());
    EXPECT_EQ(past.left(), clock::duration::zero());
    EXPECT_FALSE(past.never());
}

TEST(deadline, of_a_span_lies_that_far_ahead) {
    const auto before = clock::now();
    const auto by = deadline::after(1h);
    const auto after = clock::now();

    EXPECT_GE(by.at(), before + 1h);
    EXPECT_LE(by.at(), after + 1h);
    EXPECT_FALSE(by.passed());
    EXPECT_LE(by.left(), 1h);
    EXPECT_GT(by.left(), 0h);
}

TEST(deadline, of_a_span_too_long_to_add_is_never) {
    EXPECT_TRUE(deadline::after(clock::duration::max()).never());
    EXPECT_TRUE(deadline::after(clock::duration::max() - 1ns).never());
    EXPECT_FALSE(deadline::after(24h * 365 * 100).never());
}

TEST(deadline, of_no_span_or_a_negative_one_has_passed) {
    EXPECT_TRUE(deadline::after(0ns).passed());
    EXPECT_TRUE(deadline::after(-1h).passed());
    EXPECT_EQ(deadline::after(-1h).left(), clock::duration::zero());
}

TEST(earliest, is_the_nearer_of_two_and_never_is_the_farthest) {
    const deadline never;
    const deadline soon(clock::time_point(5s));
    const deadline late(clock::time_point(9s));
    const struct {
        const char* context;
        deadline one;
        deadline other;
        clock::time_point expected;
    } cases[] = {
        {"soon, late", soon, late, soon.at()},      {"late, soon", late, soon, soon.at()},
        {"soon, never", soon, never, soon.at()},    {"never, late", never, late, late.at()},
        {"never, never", never, never, never.at()}, {"soon, soon", soon, soon, soon.at()},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.context);
        EXPECT_EQ(earliest(row.one, row.other).at(), row.expected);
    }
}

} // namespace
} // namespace async
