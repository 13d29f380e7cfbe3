#include "app/run/loop_run.hpp"
#include "async/error.hpp"
#include "async/stop.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <csignal>

namespace app {
namespace {

async::awaitable<void> fail() {
    throw async::error(async::failure::temporary, "no");
    co_return;
}

async::awaitable<void> wait_for_ever() {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                    boost::asio::steady_timer::time_point::max());
    co_await timer.async_wait(boost::asio::use_awaitable);
}

TEST(run_loop, returns_what_ended_the_work) {
    boost::asio::io_context loop;
    bool closed = false;
    const auto failed = run_loop(loop, fail(), {}, {[](int) {}, [] {}, [&] { closed = true; }});
    EXPECT_EQ(async::failure_of(failed), async::failure::temporary);
    EXPECT_TRUE(closed);
}

TEST(run_loop, tells_of_signals_while_the_work_lasts) {
    boost::asio::io_context loop;
    async::stop_source stop;
    boost::asio::post(loop, [] { ::raise(SIGUSR1); });
    bool asked = false;
    const auto failed = run_loop(loop, wait_for_ever(), stop.slot(),
                                 {[&](int number) { stop.request(number); },
                                  [&] {
                                      asked = true;
                                      ::raise(SIGTERM);
                                  }});
    EXPECT_TRUE(asked);
    EXPECT_TRUE(async::is_cancellation(failed));
    EXPECT_EQ(stop.signal_number(), SIGTERM);
}

} // namespace
} // namespace app
