#include "app/run/journal/journal_checks.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <gmock/gmock.h>

namespace app {
namespace {

using archive::check_status;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t mib = std::uint64_t{1} << 20;

TEST(journal_checks, another_writer_is_a_fact_with_its_process_and_topics) {
    EXPECT_EQ(judge_writers({}).detail, "no process writes to it");
    const auto known = judge_writers({{"a", 7}, {"b", 7}});
    EXPECT_EQ(known.status, check_status::ok);
    EXPECT_EQ(known.detail, "process 7 writes to it: topic 'a', 'b'; another server cannot start beside it");
    EXPECT_THAT(judge_writers({{"a", 0}}).detail, HasSubstr("a process of another container writes to it"));
    const auto many = judge_writers({{"a", 7}, {"b", 7}, {"c", 7}, {"d", 7}, {"e", 7}, {"f", 7}, {"g", 7}});
    EXPECT_THAT(many.detail, HasSubstr("'e' and 2 more"));
    EXPECT_THAT(many.detail, Not(HasSubstr("'f'")));
}

TEST(journal_checks, room_is_compared_with_what_all_topics_may_take) {
    EXPECT_EQ(judge_room({100 * mib, 0, 0, 0}).status, check_status::ok);
    EXPECT_THAT(judge_room({100 * mib, 0, 0, 0}).detail, HasSubstr("JOURNAL_MAX_BYTES is not set"));
    const auto full = judge_room({3 * mib, 900 * mib, 1, 0});
    EXPECT_EQ(full.status, check_status::failed);
    EXPECT_EQ(full.failure, async::failure::temporary);
    EXPECT_EQ(judge_room({100 * mib, 0, 0, 100 * mib}).status, check_status::ok);
    EXPECT_EQ(judge_room({100 * mib, 0, 0, 101 * mib}).status, check_status::warning);
    EXPECT_EQ(judge_room({100 * mib, 100 * mib, 2, 100 * mib}).status, check_status::ok) << "half is used";
    EXPECT_EQ(judge_room({100 * mib, 99 * mib, 2, 100 * mib}).status, check_status::warning);
    EXPECT_EQ(judge_room({100 * mib, 0, 3, ~std::uint64_t{0}}).status, check_status::warning)
        << "no overflow";
}

TEST(journal_checks, a_clock_behind_the_last_event_is_a_warning_from_an_hour_on) {
    const events::event_time now{std::chrono::hours(1'000)};
    EXPECT_FALSE(judge_last_time("t", now, now));
    EXPECT_FALSE(judge_last_time("t", now + std::chrono::hours(1), now));
    const auto behind = judge_last_time("t", now + std::chrono::minutes(61), now);
    ASSERT_TRUE(behind);
    EXPECT_EQ(behind->status, check_status::warning);
}

TEST(journal_checks, a_time_for_syncs_is_a_warning) {
    EXPECT_EQ(judge_sync(std::chrono::milliseconds(0)).status, check_status::ok);
    EXPECT_EQ(judge_sync(std::chrono::milliseconds(20)).status, check_status::warning);
}

TEST(journal_checks, a_right_that_is_not_known_is_no_warning) {
    EXPECT_EQ(judge_outlook("t", {true, true, {}}).status, check_status::ok);
    EXPECT_THAT(judge_outlook("t", {false, true, {}}).detail, HasSubstr("the first event makes it"));
    const auto unknown = judge_outlook("t", {true, std::nullopt, "nobody says so"});
    EXPECT_EQ(unknown.status, check_status::skipped);
    EXPECT_THAT(unknown.detail, HasSubstr("is not known: nobody says so"));
    const auto refused = judge_outlook("t", {true, false, "no ACL lets User:a write to it"});
    EXPECT_EQ(refused.status, check_status::warning);
    EXPECT_FALSE(refused.remedy.empty());
}

} // namespace
} // namespace app
