#include "app/serve/intake.hpp"
#include "events/journal/error.hpp"

#include <gtest/gtest.h>

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

} // namespace
