// A loop for tests of coroutines. A test moves it on by hand, so that most need no time to pass; its end
// checks that nothing was left on it.
#pragma once

#include "async/asio.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

namespace test_support {

// A coroutine at work beside the test, which can cancel it.
class background {
  public:
    background(boost::asio::io_context& loop, async::awaitable<void> work)
        : state_(std::make_shared<state>()) {
        auto keep = [kept = state_](std::exception_ptr failed) {
            kept->failed = std::move(failed);
            kept->ended = true;
        };
        boost::asio::co_spawn(loop, std::move(work),
                              boost::asio::bind_cancellation_slot(state_->signal.slot(), std::move(keep)));
    }

    void cancel() { state_->signal.emit(boost::asio::cancellation_type::terminal); }
    [[nodiscard]] bool ended() const noexcept { return state_->ended; }
    // What it threw; null if nothing, or if it is still at work.
    [[nodiscard]] const std::exception_ptr& failed() const noexcept { return state_->failed; }

  private:
    struct state {
        boost::asio::cancellation_signal signal;
        std::exception_ptr failed;
        bool ended = false;
    };
    std::shared_ptr<state> state_;
};

class loop_test : public testing::Test {
  protected:
    // Runs everything that can be run without time passing.
    void settle() {
        io_.restart();
        while (io_.poll() > 0) {
        }
    }

    void run_dry() {
        io_.restart();
        io_.run_for(std::chrono::seconds(30));
        EXPECT_TRUE(io_.stopped()) << "something still waits on the loop";
    }

    // Runs the loop until it is dry, and rethrows what `story` threw.
    void run(async::awaitable<void> story) {
        const background told(io_, std::move(story));
        run_dry();
        EXPECT_TRUE(told.ended()) << "the story did not come to its end";
        if (told.failed())
            std::rethrow_exception(told.failed());
    }

    void TearDown() override {
        settle();
        EXPECT_TRUE(io_.stopped()) << "the test left something on the loop";
    }

    boost::asio::io_context io_;
};

inline async::awaitable<void> pause(std::chrono::milliseconds span) {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, span);
    co_await timer.async_wait(boost::asio::use_awaitable);
}

// Ends only by cancellation.
inline async::awaitable<void> forever() {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor,
                                    boost::asio::steady_timer::time_point::max());
    co_await timer.async_wait(boost::asio::use_awaitable);
}

} // namespace test_support
