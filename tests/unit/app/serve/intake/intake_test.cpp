#include "app/serve/intake/intake.hpp"
#include "async/caught.hpp"
#include "events/journal/error.hpp"
#include "tests/support/kept_log.hpp"
#include "tests/support/loop_fixture.hpp"
#include "tests/unit/app/cut_journal.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace {

using app::refusal_for;
using events::journal_error;
using events::journal_failure;

TEST(refusals, are_500_where_kafka_says_no) {
    EXPECT_EQ(refusal_for(journal_error(journal_failure::refused, "no right")).status, 500U);
}

TEST(refusals, tell_a_mistake_from_what_passes) {
    EXPECT_EQ(refusal_for(journal_error(journal_failure::too_large, "")).status, 413U);
    EXPECT_EQ(refusal_for(journal_error(journal_failure::no_topic, "")).status, 404U);
    EXPECT_EQ(refusal_for(journal_error(journal_failure::before_start, "")).status, 410U);
    EXPECT_EQ(refusal_for(journal_error(journal_failure::beyond_end, "")).status, 416U);
    const auto overload = refusal_for(journal_error(journal_failure::overloaded, ""));
    EXPECT_TRUE(overload.status == 503 && overload.retry_soon);
    const auto no_file = refusal_for(journal_error(journal_failure::no_descriptor, ""));
    EXPECT_TRUE(no_file.status == 503 && no_file.retry_soon);
    EXPECT_FALSE(refusal_for(journal_error(journal_failure::broken, "")).retry_soon);
}

TEST(refusals, tell_a_client_no_path) {
    for (const auto reason :
         {journal_failure::full, journal_failure::broken, journal_failure::foreign, journal_failure::damaged,
          journal_failure::in_use, journal_failure::before_start, journal_failure::beyond_end,
          journal_failure::not_allowed, journal_failure::missing, journal_failure::unusable}) {
        const auto said = refusal_for(journal_error(reason, "making room in '/var/lib/x/0.log'")).why;
        EXPECT_EQ(said.find("/var"), std::string::npos) << said;
        EXPECT_FALSE(said.empty());
    }
}

class intake_test : public test_support::loop_test {
  protected:
    // What readiness says after an append that opening the topic makes fail.
    std::string problem_after(std::optional<journal_failure> reason) {
        if (reason)
            journal_.not_opened = std::make_exception_ptr(journal_error(*reason, "no"));
        const auto story = [this]() -> async::awaitable<void> {
            std::vector<events::event> one(1);
            one.front().value = "{}";
            events::event_batch batch(std::move(one));
            failed_ = co_await async::caught(append(std::move(batch)));
        };
        run(story());
        EXPECT_EQ(reason.has_value(), failed_ != nullptr);
        return intake_.problem();
    }
    async::awaitable<void> append(events::event_batch batch) {
        (void)co_await intake_.append("live", std::move(batch), nullptr);
    }

    test_support::cut_journal journal_;
    test_support::kept_log log_;
    const bool stopping_ = false;
    app::intake intake_{journal_, 1'000'000, stopping_, log_};
    std::exception_ptr failed_;
};

TEST_F(intake_test, is_ready_while_events_are_accepted) { EXPECT_EQ(problem_after(std::nullopt), ""); }

TEST_F(intake_test, is_ready_while_more_comes_than_it_can_keep) {
    EXPECT_EQ(problem_after(journal_failure::overloaded), "");
}

TEST_F(intake_test, is_not_ready_while_no_file_can_be_opened) {
    EXPECT_EQ(problem_after(journal_failure::no_descriptor), "no");
}

} // namespace
