#include "async/retry.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/support/loop_fixture.hpp"

#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace async {
namespace {

using namespace std::chrono_literals;
using test_support::background;
using testing::ElementsAre;
using testing::IsEmpty;

struct answer_error : error {
    using error::error;
    int status = 503;
};

class retry_test : public test_support::loop_test {
  protected:
    // Fails with each cause in turn, then succeeds. "!" in front: not to be repeated.
    awaitable<int> attempt() {
        const auto index = tries_++;
        if (index < causes_.size()) {
            const auto& cause = causes_[index];
            if (cause.starts_with('!'))
                throw answer_error(failure::refused, cause.substr(1));
            throw answer_error(failure::temporary, cause);
        }
        co_return 7;
    }

    awaitable<void> work(deadline by) {
        auto once = [this] { return attempt(); };
        value_ = co_await retry(context_, "put block", by, once);
    }

    std::vector<std::string> causes_;
    std::size_t tries_ = 0;
    int value_ = 0;
    test_support::kept_log log_;
    std::uint64_t repeats_ = 0;
    retry_context context_{{4, 2ms, 8ms}, [] { return 0.0; }, log_, repeats_};
};

TEST_F(retry_test, returns_what_the_first_success_returns) {
    run(work({}));

    EXPECT_EQ(value_, 7);
    EXPECT_EQ(tries_, 1U);
    EXPECT_EQ(repeats_, 0U);
    EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(retry_test, repeats_temporary_failures_and_logs_each_with_its_pause) {
    causes_ = {"connection reset", "timed out"};
    run(work(deadline::after(1h)));

    EXPECT_EQ(value_, 7);
    EXPECT_EQ(tries_, 3U);
    EXPECT_EQ(repeats_, 2U);
    EXPECT_THAT(log_.lines,
                ElementsAre("retry: a try failed, trying again what=put block error.message=connection reset"
                            " try=1 tries_max=4 pause_ms=1",
                            "retry: a try failed, trying again what=put block error.message=timed out"
                            " try=2 tries_max=4 pause_ms=2"));
}

TEST_F(retry_test, gives_up_after_the_last_try_and_names_every_cause) {
    causes_ = {"timed out", "connection reset", "timed out", "timed out", "never seen"};
    background working(io_, work({}));
    run_dry();

    EXPECT_EQ(tries_, 4U);
    EXPECT_EQ(describe(working.failed()), "gave up after 4 tries: connection reset; timed out (3 times)");
}

TEST_F(retry_test, does_not_repeat_what_may_not_be_repeated) {
    causes_ = {"!signature mismatch"};
    background working(io_, work({}));
    run_dry();

    EXPECT_EQ(tries_, 1U);
    EXPECT_EQ(describe(working.failed()), "signature mismatch") << "one try needs no summary";
    EXPECT_THROW(std::rethrow_exception(working.failed()), answer_error) << "with all its fields";
}

TEST_F(retry_test, sums_up_the_tries_before_a_failure_for_good) {
    causes_ = {"timed out", "!signature mismatch"};
    background working(io_, work({}));
    run_dry();

    EXPECT_EQ(describe(working.failed()), "gave up after 2 tries: signature mismatch; timed out");
    EXPECT_EQ(failure_of(working.failed()), failure::refused);
}

TEST_F(retry_test, never_repeats_a_cancellation) {
    auto once = [this]() -> awaitable<void> {
        ++tries_;
        co_await test_support::forever();
    };
    const auto story = [&]() -> awaitable<void> { co_await retry(context_, "read", {}, once); };
    background working(io_, story());
    settle();
    working.cancel();
    settle();

    EXPECT_TRUE(is_cancellation(working.failed()));
    EXPECT_EQ(tries_, 1U);
    EXPECT_THAT(log_.lines, IsEmpty());
}

TEST_F(retry_test, can_be_cancelled_during_a_pause) {
    causes_ = {"timed out"};
    context_.policy.pause_first = context_.policy.pause_max = 1h;
    background working(io_, work({}));
    settle();
    ASSERT_FALSE(working.ended());
    working.cancel();
    settle();

    EXPECT_TRUE(is_cancellation(working.failed()));
    EXPECT_EQ(tries_, 1U);
}

TEST_F(retry_test, does_not_repeat_exceptions_of_other_types) {
    auto once = [this]() -> awaitable<void> {
        ++tries_;
        throw std::logic_error("a bug");
        co_return;
    };
    const auto story = [&]() -> awaitable<void> { co_await retry(context_, "read", {}, once); };
    background working(io_, story());
    run_dry();

    EXPECT_EQ(describe(working.failed()), "a bug");
    EXPECT_EQ(tries_, 1U);
}

TEST_F(retry_test, ends_the_tries_when_the_pause_would_outlast_the_deadline) {
    const struct {
        std::string_view context;
        std::optional<std::chrono::milliseconds> wish;
        deadline by;
        std::optional<std::chrono::milliseconds> pause; // nothing: it is over
    } cases[] = {
        {"no deadline", {}, {}, 1ms},
        {"enough time", {}, deadline::after(1h), 1ms},
        {"no time", {}, deadline::after(0ms), {}},
        {"the server's wish fits", 30min, deadline::after(1h), 30min},
        {"the server's wish outlasts the deadline", 2h, deadline::after(1h), {}},
        {"the server's wish is longer than our longest pause", 2h, {}, 2h},
        {"the server wishes no pause", 0ms, deadline::after(1h), 0ms},
    };
    for (const auto& row : cases) {
        SCOPED_TRACE(row.context);
        error failed(failure::temporary, "throttled");
        if (row.wish)
            failed.set_retry_after(*row.wish);
        retry_history history;
        std::optional<std::chrono::milliseconds> pause;
        try {
            pause = next_pause(context_, history, std::make_exception_ptr(failed), row.by);
        } catch (const error& given_up) {
            EXPECT_STREQ(given_up.what(), "throttled");
        }
        EXPECT_EQ(pause, row.pause);
    }
}

} // namespace
} // namespace async
