#include "async/number.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace async {
namespace {

TEST(number_from, takes_the_whole_text_or_nothing) {
    EXPECT_EQ(number_from<std::uint64_t>("18446744073709551615"), UINT64_MAX);
    EXPECT_EQ(number_from<std::int32_t>("-7"), -7);
    EXPECT_EQ(number_from<std::uint64_t>("00fF", 16), 255U);
    for (const auto* other : {"", " ", "-", "+1", " 1", "1 ", "1x", "-1", "18446744073709551616"})
        EXPECT_EQ(number_from<std::uint64_t>(other), std::nullopt) << other;
    EXPECT_EQ(number_from<std::uint8_t>("256"), std::nullopt);
}

} // namespace
} // namespace async
