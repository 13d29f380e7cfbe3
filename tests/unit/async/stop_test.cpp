#include "async/caught.hpp"
#include "async/condition.hpp"
#include "async/error.hpp"
#include "async/stop.hpp"
#include "tests/support/loop_fixture.hpp"

#include <csignal>
#include <gmock/gmock.h>
#include <vector>

namespace async {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class stop_source_test : public test_support::loop_test {
  protected:
    std::exception_ptr failed_;
    bool ended_ = false;

    void start(stop_source& stop, awaitable<void> work) {
        auto keep = [this](std::exception_ptr failed) {
            failed_ = failed;
            ended_ = true;
        };
        asio::co_spawn(io_, std::move(work), asio::bind_cancellation_slot(stop.slot(), keep));
    }
};

TEST_F(stop_source_test, cancels_the_coroutine_bound_to_it) {
    stop_source stop;
    start(stop, test_support::forever());
    settle();
    EXPECT_FALSE(stop.requested());
    EXPECT_EQ(stop.signal_number(), 0);

    stop.request(SIGTERM);
    settle();

    EXPECT_TRUE(ended_);
    EXPECT_TRUE(is_cancellation(failed_));
    EXPECT_TRUE(stop.requested());
    EXPECT_EQ(stop.signal_number(), SIGTERM);
}

TEST_F(stop_source_test, remembers_the_first_request_only_and_cancels_only_once) {
    stop_source stop;
    condition finish(io_.get_executor());
    int cancellations = 0;
    const auto story = [&]() -> awaitable<void> {
        for (;;) {
            const auto ended_by = co_await async::caught(finish.wait());
            if (!is_cancellation(ended_by))
                co_return;
            ++cancellations;
            co_await asio::this_coro::reset_cancellation_state();
        }
    };
    start(stop, story());
    settle();
    for (const int number : {SIGINT, SIGTERM, SIGINT}) {
        stop.request(number);
        settle();
    }

    EXPECT_EQ(stop.signal_number(), SIGINT);
    EXPECT_EQ(cancellations, 1);
    finish.notify_all();
    settle();
    EXPECT_TRUE(ended_);
}

TEST_F(stop_source_test, works_without_a_bound_coroutine) {
    stop_source stop;
    stop.request(SIGTERM);
    EXPECT_TRUE(stop.requested());
}

class signal_watch_test : public test_support::loop_test {
  protected:
    void deliver(int number) {
        ASSERT_EQ(std::raise(number), 0);
        settle();
    }

    std::vector<int> stops_;
    int progress_ = 0;
    std::function<void(int)> on_stop_ = [this](int number) { stops_.push_back(number); };
    std::function<void()> on_progress_ = [this] { ++progress_; };
};

TEST_F(signal_watch_test, tells_every_signal_it_watches_for_as_long_as_it_lives) {
    signal_watch watch(io_.get_executor(), on_stop_, on_progress_);

    deliver(SIGUSR1);
    EXPECT_EQ(progress_, 1);
    EXPECT_THAT(stops_, IsEmpty());

    deliver(SIGTERM);
    deliver(SIGINT);
    deliver(SIGTERM);
    deliver(SIGUSR1);
    EXPECT_THAT(stops_, ElementsAre(SIGTERM, SIGINT, SIGTERM));
    EXPECT_EQ(progress_, 2);
}

TEST_F(signal_watch_test, tells_nothing_more_once_closed_not_even_what_is_queued) {
    signal_watch watch(io_.get_executor(), on_stop_, on_progress_);
    settle();
    ASSERT_EQ(std::raise(SIGTERM), 0);
    watch.close();
    settle();

    EXPECT_THAT(stops_, IsEmpty());
    EXPECT_TRUE(io_.stopped()) << "a closed watch keeps no loop alive";
}

TEST_F(signal_watch_test, may_be_closed_by_the_call_it_makes) {
    signal_watch* to_close = nullptr;
    on_stop_ = [&](int number) {
        stops_.push_back(number);
        to_close->close();
    };
    signal_watch watch(io_.get_executor(), on_stop_, on_progress_);
    to_close = &watch;
    settle();
    deliver(SIGTERM);

    EXPECT_THAT(stops_, ElementsAre(SIGTERM));
    EXPECT_TRUE(io_.stopped());
}

TEST_F(signal_watch_test, lets_a_broken_pipe_be_an_error_and_no_signal) {
    const signal_watch watch(io_.get_executor(), on_stop_, on_progress_);
    deliver(SIGPIPE); // would end the process
    EXPECT_THAT(stops_, IsEmpty());
}

} // namespace
} // namespace async
