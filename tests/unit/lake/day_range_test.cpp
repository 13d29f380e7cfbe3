#include "lake/day_range.hpp"

#include <gtest/gtest.h>

namespace lake {
namespace {

TEST(day_range, is_said_in_words) {
    const auto first = day::from_text("2030-01-01");
    const auto last = day::from_text("2030-01-31");
    EXPECT_EQ(in_words({first, first}), "2030-01-01");
    EXPECT_EQ(in_words({first, last}), "the days from 2030-01-01 to 2030-01-31");
    EXPECT_EQ(in_words({first, std::nullopt}), "the days from 2030-01-01 on");
    EXPECT_EQ(in_words({std::nullopt, last}), "the days up to 2030-01-31");
    EXPECT_EQ(in_words({}), "any day");
}

} // namespace
} // namespace lake
