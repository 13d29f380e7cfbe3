#include "async/caught.hpp"
#include "async/cleanup.hpp"
#include "async/race.hpp"
#include "tests/support/loop_fixture.hpp"

#include <memory>
#include <string>

namespace async {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using test_support::forever;
using test_support::pause;

class with_deadline_test : public test_support::loop_test {};

const deadline in_an_hour = deadline::after(1h);

awaitable<void> breaks() {
    co_await pause(0ms);
    throw error(failure::integrity, "the operation failed");
}

template <typename T>
awaitable<T> gives(T value) {
    co_await pause(0ms);
    co_return value;
}

TEST_F(with_deadline_test, passes_an_error_of_the_operation_at_once) {
    background waiting(io_, with_deadline(breaks(), in_an_hour, "reply"));
    run_dry(); // an hour is not waited

    EXPECT_EQ(describe(waiting.failed()), "the operation failed");
    EXPECT_EQ(failure_of(waiting.failed()), failure::integrity);
}

TEST_F(with_deadline_test, names_what_was_awaited_when_its_time_is_up) {
    const auto by = deadline::after(2ms);
    background waiting(io_, with_deadline(forever(), by, "reply"));
    run_dry();

    EXPECT_TRUE(by.passed());
    EXPECT_EQ(describe(waiting.failed()), "timed out waiting for reply");
    EXPECT_EQ(failure_of(waiting.failed()), failure::temporary);
}

TEST_F(with_deadline_test, ends_at_once_when_its_time_was_up_before) {
    background waiting(io_, with_deadline(forever(), deadline::after(-1s), "reply"));
    settle();

    EXPECT_EQ(describe(waiting.failed()), "timed out waiting for reply");
}

TEST_F(with_deadline_test, counts_an_operation_that_finishes_in_the_same_instant_as_finished) {
    int value = 0;
    const auto ready = []() -> awaitable<int> { co_return 7; };
    const auto story = [&]() -> awaitable<void> {
        value = co_await with_deadline(ready(), deadline::after(-1s), "reply");
    };
    run(story());

    EXPECT_EQ(value, 7);
}

TEST_F(with_deadline_test, counts_an_operation_that_will_not_be_cancelled_as_finished) {
    background waiting(io_, with_deadline(shielded(pause(5ms)), deadline::after(1ms), "reply"));
    run_dry();

    EXPECT_TRUE(waiting.ended());
    EXPECT_FALSE(waiting.failed());
}

TEST_F(with_deadline_test, passes_an_outer_cancellation_to_the_operation_and_back) {
    std::exception_ptr seen_inside;
    const auto operation = [&]() -> awaitable<void> {
        seen_inside = co_await caught(forever());
        std::rethrow_exception(seen_inside);
    };
    background waiting(io_, with_deadline(operation(), in_an_hour, "reply"));
    settle();
    ASSERT_FALSE(waiting.ended());

    waiting.cancel();
    settle();

    EXPECT_TRUE(is_cancellation(seen_inside));
    EXPECT_TRUE(is_cancellation(waiting.failed())) << "a cancellation is no timeout";
}

TEST_F(with_deadline_test, passes_the_error_with_which_an_operation_answers_its_cancellation) {
    const auto operation = []() -> awaitable<void> {
        co_await caught(forever());
        throw error(failure::integrity, "half of it was done");
    };
    background waiting(io_, with_deadline(operation(), deadline::after(1ms), "reply"));
    run_dry();

    EXPECT_EQ(describe(waiting.failed()), "half of it was done");
}

TEST_F(with_deadline_test, leaves_the_outer_coroutine_usable_after_an_inner_timeout) {
    const auto story = []() -> awaitable<void> {
        const auto first = co_await caught(with_deadline(forever(), deadline::after(1ms), "reply"));
        const auto second = co_await caught(with_deadline(forever(), deadline::after(1ms), "query"));
        co_await pause(1ms);
        EXPECT_EQ(describe(first), "timed out waiting for reply");
        EXPECT_EQ(describe(second), "timed out waiting for query");
        EXPECT_EQ(co_await with_deadline(gives(7), in_an_hour, "value"), 7);
    };
    run(story());
}

TEST_F(with_deadline_test, nests_and_the_nearer_deadline_gives_the_name) {
    const struct {
        std::string_view context;
        std::chrono::milliseconds outer;
        std::chrono::milliseconds inner;
        std::string_view message;
    } cases[] = {
        {"inner first", 1h, 1ms, "timed out waiting for reply"},
        {"outer first", 1ms, 1h, "timed out waiting for request"},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.context);
        auto inner = with_deadline(forever(), deadline::after(row.inner), "reply");
        background waiting(io_, with_deadline(std::move(inner), deadline::after(row.outer), "request"));
        run_dry();
        EXPECT_EQ(describe(waiting.failed()), row.message);
    }
}

TEST_F(with_deadline_test, returns_values_of_any_type) {
    const auto story = []() -> awaitable<void> {
        for (const auto by : {in_an_hour, deadline()}) {
            EXPECT_EQ(co_await with_deadline(gives(7), by, "number"), 7);
            EXPECT_EQ(co_await with_deadline(gives(std::string(100, 'x')), by, "text"),
                      std::string(100, 'x'));
            const auto owned = co_await with_deadline(gives(std::make_unique<int>(7)), by, "owner");
            EXPECT_EQ(*owned, 7);
        }
    };
    run(story());
}

TEST_F(with_deadline_test, without_a_deadline_passes_errors_and_cancellations_all_the_same) {
    background failing(io_, with_deadline(breaks(), deadline(), "reply"));
    background waiting(io_, with_deadline(forever(), deadline(), "reply"));
    settle();
    waiting.cancel();
    run_dry();

    EXPECT_EQ(describe(failing.failed()), "the operation failed");
    EXPECT_TRUE(is_cancellation(waiting.failed()));
}

} // namespace
} // namespace async
