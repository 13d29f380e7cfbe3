// What retention removes while a journal is read is no damage.
#include "app/run/journal/journal_inquiry.hpp"
#include "async/error.hpp"
#include "async/helper_thread.hpp"
#include "tests/support/loop_fixture.hpp"
#include "tests/unit/app/cut_journal.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

class a_journal_that_is_cut : public test_support::loop_test {
  protected:
    test_support::cut_journal journal_;
};

TEST_F(a_journal_that_is_cut, is_listed_from_where_it_begins_now) {
    const auto story = [this]() -> async::awaitable<void> {
        const auto found = co_await look_at_journal(journal_);
        EXPECT_EQ(found.size(), 1U);
        EXPECT_EQ(found.front().begin, test_support::cut_topic::removed);
        EXPECT_TRUE(found.front().oldest.has_value());
    };
    run(story());
}

TEST_F(a_journal_that_is_cut, is_whole) {
    const auto story = [this]() -> async::awaitable<void> {
        const auto found = co_await verify_journal(journal_);
        EXPECT_EQ(found.size(), 1U);
        EXPECT_EQ(found.front().error, "");
        EXPECT_EQ(found.front().events, 5U);
    };
    run(story());
}

TEST_F(a_journal_that_is_cut, is_not_printed_with_a_gap) {
    const auto story = [this]() -> async::awaitable<void> {
        async::helper_thread printing;
        journal_request request;
        request.topic = "live";
        auto kind = async::failure::internal;
        try {
            co_await print_events(journal_, request, printing);
        } catch (const async::error& failed) {
            kind = failed.kind();
        }
        EXPECT_EQ(kind, async::failure::temporary);
    };
    run(story());
}

} // namespace
} // namespace app
