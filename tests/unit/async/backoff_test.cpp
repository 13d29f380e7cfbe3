#include "async/retry.hpp"

#include <gtest/gtest.h>

namespace async {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

TEST(backoff, doubles_up_to_a_maximum_with_a_random_factor_of_half_to_one) {
    const retry_policy policy{10, 800ms, 60s};
    const struct {
        int failed_tries;
        double random;
        milliseconds pause;
    } cases[] = {
        {1, 0.0, 400ms},    {1, 0.5, 600ms},    {1, 0.999, 799ms},     {2, 0.0, 800ms},    {2, 0.5, 1200ms},
        {3, 0.0, 1600ms},   {4, 0.0, 3200ms},   {5, 0.0, 6400ms},      {6, 0.0, 12'800ms}, {7, 0.0, 25'600ms},
        {8, 0.0, 30'000ms}, {9, 0.0, 30'000ms}, {1000, 0.5, 45'000ms},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(testing::Message() << "try " << row.failed_tries << ", random " << row.random);
        EXPECT_EQ(backoff(policy, row.failed_tries, row.random, std::nullopt), row.pause);
    }
}

TEST(backoff, honours_the_servers_wish_whatever_it_is) {
    const retry_policy policy{10, 800ms, 60s};
    for (const auto wish : {0ms, 1ms, 10'000ms, 600'000ms})
        for (const int failed_tries : {1, 9})
            EXPECT_EQ(backoff(policy, failed_tries, 0.9, wish), wish);
}

TEST(backoff, never_exceeds_its_maximum_even_at_first) {
    EXPECT_EQ(backoff({3, 5s, 1s}, 1, 0.0, std::nullopt), 500ms);
    EXPECT_EQ(backoff({3, 0ms, 1s}, 5, 0.9, std::nullopt), 0ms);
}

TEST(random_source, stays_within_its_bounds_and_varies) {
    const auto random = make_random_source();
    double least = 1;
    double most = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto number = random();
        least = std::min(least, number);
        most = std::max(most, number);
    }
    EXPECT_GE(least, 0.0);
    EXPECT_LT(most, 1.0);
    EXPECT_LT(least, most);
}

TEST(retry_history, names_each_distinct_cause_and_how_often) {
    retry_history history;
    for (const auto* cause :
         {"timed out waiting for reply", "connection reset", "timed out waiting for reply"})
        history.add(error(failure::temporary, cause));

    EXPECT_EQ(history.tries(), 3);
    EXPECT_EQ(history.summary(),
              "gave up after 3 tries: connection reset; timed out waiting for reply (2 times)");
}

} // namespace
} // namespace async
