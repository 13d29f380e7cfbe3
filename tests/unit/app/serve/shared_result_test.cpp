#include "app/serve/shared_result.hpp"
#include "async/error.hpp"
#include "tests/support/loop_fixture.hpp"

#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace app {
namespace {

using test_support::background;
using ::testing::Each;
using ::testing::ElementsAre;

class shared_result_test : public test_support::loop_test {
  protected:
    // Each making waits until the test lets it end.
    async::awaitable<std::string> make() {
        const auto number = ++makings_;
        while (ended_ < number)
            co_await moved_.wait();
        if (broken_)
            throw async::error(async::failure::precondition, "the directory has gone");
        co_return std::to_string(number);
    }
    void end_one() {
        ++ended_;
        moved_.notify_all();
        settle();
    }
    background& ask() {
        const auto one = [](shared_result_test& self) -> async::awaitable<void> {
            const auto document = co_await self.document_.get();
            self.got_.push_back(*document);
        };
        asking_.push_back(std::make_unique<background>(io_, one(*this)));
        settle();
        return *asking_.back();
    }

    async::awaitable<int> number() { co_return ++makings_; }
    async::awaitable<void> take(shared_result<int>& from) {
        const auto made = co_await from.get();
        numbers_.push_back(*made);
    }

    async::condition moved_{io_.get_executor()};
    shared_document document_{io_.get_executor(), [this] { return make(); }};
    std::vector<std::unique_ptr<background>> asking_;
    std::vector<std::string> got_;
    std::vector<int> numbers_;
    int makings_ = 0;
    int ended_ = 0;
    bool broken_ = false;
};

TEST_F(shared_result_test, is_made_for_each_single_request) {
    ask();
    end_one();
    ask();
    end_one();
    EXPECT_THAT(got_, ElementsAre("1", "2"));
}

TEST_F(shared_result_test, a_crowd_shares_the_making_that_begins_after_it_came) {
    ask();
    for (int i = 0; i < 100; ++i)
        ask();
    EXPECT_EQ(makings_, 1);
    end_one();
    EXPECT_THAT(got_, ElementsAre("1")) << "the others asked after it had begun";
    EXPECT_EQ(makings_, 2);
    end_one();
    EXPECT_EQ(got_.size(), 101U);
    got_.erase(got_.begin());
    EXPECT_THAT(got_, Each("2"));
}

TEST_F(shared_result_test, a_failure_is_reported_and_the_next_caller_tries_again) {
    broken_ = true;
    auto& first = ask();
    auto& second = ask();
    end_one();
    EXPECT_EQ(async::describe(first.failed()), "the directory has gone");
    EXPECT_FALSE(second.ended());
    broken_ = false;
    end_one();
    EXPECT_THAT(got_, ElementsAre("2"));
}

TEST_F(shared_result_test, who_is_cancelled_while_he_makes_it_leaves_it_to_the_next) {
    auto& first = ask();
    ask();
    first.cancel();
    settle();
    EXPECT_TRUE(async::is_cancellation(first.failed()));
    ended_ = 1;
    end_one();
    EXPECT_THAT(got_, ElementsAre("2"));
}

TEST_F(shared_result_test, is_not_made_again_while_it_is_young_enough) {
    shared_result<int> count(
        io_.get_executor(), [this] { return number(); }, std::chrono::hours(1));
    background first(io_, take(count));
    background second(io_, take(count));
    settle();
    background third(io_, take(count));
    settle();
    EXPECT_THAT(numbers_, ElementsAre(1, 1, 1));
}

} // namespace
} // namespace app
