#include "async/error.hpp"
#include "async/mutex.hpp"
#include "tests/support/loop_fixture.hpp"

#include <stdexcept>
#include <string>

namespace async {
namespace {

using test_support::background;

class mutex_test : public test_support::loop_test {
  protected:
    // Writes its name when it has the mutex, and in lower case when it gives it back.
    awaitable<void> visit(char name) {
        const auto held = co_await mutex_.lock();
        seen_ += name;
        co_await gate_.wait();
        seen_ += static_cast<char>(name - 'A' + 'a');
        if (fails_)
            throw std::runtime_error("refused");
    }

    mutex mutex_{io_.get_executor()};
    condition gate_{io_.get_executor()};
    std::string seen_;
    bool fails_ = false;
};

TEST_F(mutex_test, lets_one_coroutine_in_at_a_time) {
    background one(io_, visit('A'));
    background other(io_, visit('B'));
    settle();
    EXPECT_EQ(seen_, "A");
    gate_.notify_all();
    settle();
    EXPECT_EQ(seen_, "AaB");
    gate_.notify_all();
    settle();
    EXPECT_EQ(seen_, "AaBb");
    EXPECT_TRUE(one.ended() && other.ended());
}

TEST_F(mutex_test, is_free_after_a_failure) {
    fails_ = true;
    background one(io_, visit('A'));
    background other(io_, visit('B'));
    settle();
    gate_.notify_all();
    settle();
    EXPECT_TRUE(one.failed());
    EXPECT_EQ(seen_, "AaB");
    gate_.notify_all();
    settle();
    EXPECT_TRUE(other.ended());
}

TEST_F(mutex_test, is_free_after_its_holder_or_a_waiter_was_cancelled) {
    background holder(io_, visit('A'));
    background leaving(io_, visit('B'));
    background staying(io_, visit('C'));
    settle();
    leaving.cancel();
    settle();
    EXPECT_TRUE(is_cancellation(leaving.failed()));
    EXPECT_EQ(seen_, "A");
    holder.cancel();
    settle();
    EXPECT_TRUE(is_cancellation(holder.failed()));
    EXPECT_EQ(seen_, "AC");
    gate_.notify_all();
    settle();
    EXPECT_TRUE(staying.ended());
}

} // namespace
} // namespace async
