#include "app/observe/run_id.hpp"

#include <gtest/gtest.h>

#include <regex>
#include <set>

namespace app {
namespace {

TEST(run_id, is_a_uuid_of_version_7_and_no_two_are_the_same) {
    const std::regex form("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
    std::set<std::string> seen;
    for (int i = 0; i < 1'000; ++i)
        seen.insert(new_run_id());
    EXPECT_EQ(seen.size(), 1'000U);
    for (const auto& id : seen)
        ASSERT_TRUE(std::regex_match(id, form)) << id;
}

TEST(random_hex, has_two_digits_for_each_byte) {
    for (const std::size_t bytes : {0U, 1U, 4U, 5U, 28U})
        EXPECT_TRUE(std::regex_match(random_hex(bytes), std::regex("[0-9a-f]*"))) << bytes;
    EXPECT_EQ(random_hex(28).size(), 56U);
    EXPECT_EQ(random_hex(1).size(), 2U);
    EXPECT_NE(random_hex(16), random_hex(16));
}

} // namespace
} // namespace app
