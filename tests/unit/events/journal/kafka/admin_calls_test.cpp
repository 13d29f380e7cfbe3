#include "events/journal/kafka/admin_calls.hpp"

#include <gtest/gtest.h>

namespace events::kafka {
namespace {

using rules = std::vector<rule_of_writers>;

TEST(admin_calls, a_right_is_given_to_the_principal_or_to_everybody) {
    EXPECT_EQ(right_in({}, "User:a"), write_right::not_given);
    EXPECT_EQ(right_in(rules{{"User:b", false}}, "User:a"), write_right::not_given);
    EXPECT_EQ(right_in(rules{{"User:b", false}, {"User:a", false}}, "User:a"), write_right::given);
    EXPECT_EQ(right_in(rules{{"User:*", false}}, "User:a"), write_right::given);
}

TEST(admin_calls, a_denial_counts_before_every_permission) {
    EXPECT_EQ(right_in(rules{{"User:a", false}, {"User:*", true}}, "User:a"), write_right::denied);
    EXPECT_EQ(right_in(rules{{"User:a", true}, {"User:*", false}}, "User:a"), write_right::denied);
    EXPECT_EQ(right_in(rules{{"User:b", true}, {"User:*", false}}, "User:a"), write_right::given);
}

} // namespace
} // namespace events::kafka
