// What this room takes for granted of Boost.Asio, and what it avoids. A failure here after an upgrade means
// that a workaround may go, or that another is needed.

#include "async/caught.hpp"
#include "async/error.hpp"
#include "tests/support/loop_fixture.hpp"

#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/parallel_group.hpp>

namespace async {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using test_support::forever;
using test_support::pause;

class asio_facts : public test_support::loop_test {};

awaitable<void> broken() {
    co_await pause(1ms);
    throw error(failure::temporary, "the operation failed");
}

TEST_F(asio_facts, the_or_operator_drops_an_error_that_comes_before_the_timer) {
    using namespace asio::experimental::awaitable_operators;
    const auto story = []() -> awaitable<void> {
        const auto winner = co_await (broken() || pause(5ms));
        EXPECT_EQ(winner.index(), 1U) << "the timer; the error is gone";
    };
    run(story());
}

TEST_F(asio_facts, a_group_that_waits_for_one_reports_the_error_at_once) {
    const auto story = []() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        asio::steady_timer never(executor, asio::steady_timer::time_point::max());
        auto group = asio::experimental::make_parallel_group(
            asio::co_spawn(executor, broken(), asio::deferred), never.async_wait(asio::deferred));
        auto [order, failed, expired] =
            co_await group.async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
        EXPECT_EQ(order[0], 0U);
        EXPECT_EQ(describe(failed), "the operation failed");
        EXPECT_TRUE(expired) << "the timer was cancelled";
    };
    run(story());
}

TEST_F(asio_facts, after_a_cancellation_a_plainly_awaited_cleanup_throws_at_once) {
    bool began = false;
    const auto cleanup = [&]() -> awaitable<void> {
        began = true;
        co_await pause(1ms);
    };
    std::exception_ptr seen;
    const auto story = [&]() -> awaitable<void> {
        co_await caught(forever());
        try {
            co_await cleanup();
        } catch (...) {
            seen = std::current_exception();
        }
    };
    background work(io_, story());
    settle();
    work.cancel();
    settle();

    EXPECT_TRUE(is_cancellation(seen));
    EXPECT_FALSE(began);
}

TEST_F(asio_facts, after_a_cancellation_a_freshly_spawned_cleanup_is_not_awaited_either) {
    std::exception_ptr seen;
    const auto story = [&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        co_await caught(forever());
        try {
            co_await asio::co_spawn(executor, pause(1ms), asio::use_awaitable);
        } catch (...) {
            seen = std::current_exception();
        }
    };
    background work(io_, story());
    settle();
    work.cancel();
    run_dry();

    EXPECT_TRUE(is_cancellation(seen));
}

TEST_F(asio_facts, after_a_cancellation_a_cleanup_that_would_reset_the_state_first_does_not_begin) {
    bool began = false;
    const auto cleanup = [&]() -> awaitable<void> {
        began = true;
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    };
    const auto story = [&]() -> awaitable<void> {
        co_await caught(forever());
        co_await cleanup(); // the reset must stand here, in the coroutine that was cancelled
    };
    background work(io_, story());
    settle();
    work.cancel();
    settle();

    EXPECT_FALSE(began);
    EXPECT_TRUE(is_cancellation(work.failed()));
}

TEST_F(asio_facts, after_a_reset_with_cancellation_disabled_a_cleanup_runs_to_its_end) {
    bool cleaned = false;
    const auto story = [&]() -> awaitable<void> {
        co_await caught(forever());
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_await pause(1ms);
        cleaned = true;
    };
    background work(io_, story());
    settle();
    work.cancel();
    settle();
    work.cancel(); // once more, in the middle of it
    run_dry();

    EXPECT_TRUE(cleaned);
}

TEST_F(asio_facts, a_child_with_a_slot_of_its_own_is_out_of_reach_of_an_outer_cancellation) {
    asio::cancellation_signal own;
    std::exception_ptr seen;
    const auto child = [&]() -> awaitable<void> { seen = co_await caught(forever()); };
    const auto story = [&]() -> awaitable<void> {
        const auto executor = co_await asio::this_coro::executor;
        co_await asio::co_spawn(executor, child(),
                                asio::bind_cancellation_slot(own.slot(), asio::use_awaitable));
    };
    background work(io_, story());
    settle();

    work.cancel();
    settle();
    EXPECT_FALSE(work.ended());
    EXPECT_FALSE(seen);

    own.emit(asio::cancellation_type::terminal);
    settle();
    EXPECT_TRUE(work.ended());
    EXPECT_TRUE(is_cancellation(seen));
}

} // namespace
} // namespace async
