#include "app/run/stop_guard.hpp"
#include "tests/support/kept_log.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <csignal>

namespace app {
namespace {

using namespace std::chrono_literals;

TEST(stop_guard, passes_the_first_signal_on_and_sets_a_deadline) {
    boost::asio::io_context loop;
    async::stop_source stop;
    test_support::kept_log log;
    stop_guard guard(loop.get_executor(), stop, log);
    EXPECT_TRUE(guard.deadline().never());
    guard.stop(SIGINT, "stopping", "staging");
    EXPECT_EQ(stop.signal_number(), SIGINT);
    EXPECT_LE(guard.deadline().left(), stop_patience);
    guard.disarm();
    loop.run(); // comes back: nothing is waited for any more
}

TEST(stop_guard_death, second_signal_ends_the_process) {
    EXPECT_EXIT(
        {
            boost::asio::io_context loop;
            async::stop_source stop;
            test_support::kept_log log;
            stop_guard guard(loop.get_executor(), stop, log);
            guard.stop(SIGTERM, "stopping", "staging");
            guard.stop(SIGINT, "stopping", "staging");
        },
        ::testing::ExitedWithCode(128 + SIGINT), "");
}

TEST(stop_watchdog_death, ends_the_process_when_stopping_takes_too_long) {
    EXPECT_EXIT(
        {
            boost::asio::io_context loop;
            test_support::kept_log log;
            stop_watchdog watchdog(loop.get_executor(), log);
            watchdog.signalled(SIGTERM, 1ms);
            loop.run();
        },
        ::testing::ExitedWithCode(128 + SIGTERM), "");
}

} // namespace
} // namespace app
