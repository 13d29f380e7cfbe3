// Keys of events that retention removes while they are read are not looked for any more.
#include "app/serve/intake/keyed_intake.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/support/loop_fixture.hpp"
#include "tests/unit/app/cut_journal.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

class keyed_intake_test : public test_support::loop_test {};

TEST_F(keyed_intake_test, accepts_a_batch_although_events_are_removed_while_keys_are_read) {
    test_support::cut_journal journal;
    test_support::kept_log log;
    const bool stopping = false;
    intake plain(journal, 1'000'000, stopping, log);
    keyed_intake keyed(io_.get_executor(), plain, false);
    const auto story = [&keyed]() -> async::awaitable<void> {
        std::vector<events::event> one(1);
        one.front().value = "{}";
        events::event_batch batch(std::move(one));
        const auto known = batch_of(batch, "{}");
        const auto made = co_await keyed.append("live", "key", known, std::move(batch), nullptr);
        EXPECT_EQ(made.state, key_book::state::unknown);
        EXPECT_EQ(made.made.first, 10);
    };
    run(story());
}

} // namespace
} // namespace app
