#include "app/serve/intake/shared_attempts.hpp"
#include "async/error.hpp"
#include "async/pause.hpp"
#include "async/task_scope.hpp"
#include "tests/support/loop_fixture.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

using namespace std::chrono_literals;

class shared_attempts_of_topics : public test_support::loop_test {
  protected:
    shared_attempts all_{io_.get_executor(), 2, 50ms};
    int begun_ = 0;
    bool may_end_ = false;
    bool fails_ = false;
    int done_ = 0;
    int failed_ = 0;

    async::awaitable<void> work() {
        ++begun_;
        while (!may_end_)
            co_await async::pause(1ms);
        if (fails_)
            throw async::error(async::failure::temporary, "it cannot be read");
    }
    async::awaitable<void> ask(std::string name) {
        std::function<async::awaitable<void>()> body = [this] { return work(); };
        try {
            co_await all_.join(std::move(name), std::move(body));
            ++done_;
        } catch (const async::error&) {
            ++failed_;
        }
    }
};

TEST_F(shared_attempts_of_topics, are_made_once_for_all_who_ask) {
    auto story = [this]() -> async::awaitable<void> {
        async::task_scope asking(io_.get_executor());
        for (int each = 0; each < 30; ++each)
            asking.start(ask("a"));
        co_await async::pause(5ms);
        EXPECT_EQ(begun_, 1);
        fails_ = may_end_ = true;
        co_await asking.join();
        EXPECT_EQ(failed_, 30);
        EXPECT_EQ(begun_, 1);
        fails_ = false;
        co_await ask("a");
        EXPECT_EQ(begun_, 2);
        EXPECT_EQ(done_, 1);
    };
    run(story());
}

TEST_F(shared_attempts_of_topics, do_not_wait_for_another_topic_for_long) {
    auto story = [this]() -> async::awaitable<void> {
        async::task_scope asking(io_.get_executor());
        asking.start(ask("a"));
        asking.start(ask("b"));
        co_await async::pause(5ms);
        EXPECT_EQ(begun_, 2);
        co_await ask("c");
        EXPECT_EQ(failed_, 1);
        may_end_ = true;
        co_await asking.join();
        co_await ask("c");
        EXPECT_EQ(done_, 3);
    };
    run(story());
}

TEST_F(shared_attempts_of_topics, go_on_when_the_one_who_began_is_cancelled) {
    auto story = [this]() -> async::awaitable<void> {
        async::task_scope first(io_.get_executor());
        async::task_scope others(io_.get_executor());
        first.start(ask("a"));
        co_await async::pause(5ms);
        others.start(ask("a"));
        co_await async::pause(5ms);
        first.cancel();
        co_await first.join();
        may_end_ = true;
        co_await others.join();
        EXPECT_EQ(begun_, 2);
        EXPECT_EQ(done_, 1);
    };
    run(story());
}

} // namespace
} // namespace app
