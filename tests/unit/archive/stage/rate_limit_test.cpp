#include "archive/stage/rate_limit.hpp"
#include "async/error.hpp"
#include "tests/support/loop_fixture.hpp"

namespace archive {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using clock = std::chrono::steady_clock;

class rate_limit_test : public test_support::loop_test {
  protected:
    // Whether spending these, one after the other, needs no time to pass.
    bool is_free(rate_limit& limit, std::uint64_t bytes, int times = 1) {
        const auto story = [&]() -> async::awaitable<void> {
            for (int i = 0; i < times; ++i)
                co_await limit.spend(bytes);
        };
        background spending(io_, story());
        settle();
        const bool ended = spending.ended();
        spending.cancel();
        settle();
        return ended;
    }
};

TEST_F(rate_limit_test, lets_everything_pass_without_a_limit) {
    rate_limit none(std::nullopt);
    EXPECT_TRUE(is_free(none, std::uint64_t{1} << 60, 1000));
}

TEST_F(rate_limit_test, does_not_sleep_for_a_short_debt) {
    rate_limit limit(1'000'000'000'000);
    EXPECT_TRUE(is_free(limit, 1'000, 100));
}

TEST_F(rate_limit_test, sleeps_for_as_long_as_the_bytes_cost) {
    rate_limit limit(1'000'000);
    const auto before = clock::now();
    run(limit.spend(30'000));
    EXPECT_GE(clock::now() - before, 30ms - 10ms);
}

TEST_F(rate_limit_test, adds_up_what_several_readers_spend) {
    rate_limit limit(1'000'000);
    const auto before = clock::now();
    background one(io_, limit.spend(20'000));
    background other(io_, limit.spend(20'000));
    run_dry();
    EXPECT_TRUE(one.ended() && other.ended());
    EXPECT_GE(clock::now() - before, 40ms - 10ms);
}

TEST_F(rate_limit_test, can_be_cancelled) {
    rate_limit limit(1);
    background spending(io_, limit.spend(1'000'000));
    settle();
    EXPECT_FALSE(spending.ended());
    spending.cancel();
    settle();
    EXPECT_TRUE(async::is_cancellation(spending.failed()));
}

} // namespace
} // namespace archive
