#include "app/text/units.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(units, are_those_people_read) {
    EXPECT_EQ(grouped(0), "0");
    EXPECT_EQ(grouped(999), "999");
    EXPECT_EQ(grouped(1'234'567), "1,234,567");
    EXPECT_EQ(short_count(1'234), "1.2k");
    EXPECT_EQ(short_bytes(999), "999 B");
    EXPECT_EQ(short_bytes(12'300'000), "12.3 MB");
    EXPECT_EQ(short_duration(std::chrono::seconds(89)), "89 s");
    EXPECT_EQ(short_duration(std::chrono::minutes(12)), "12 min");
    EXPECT_EQ(short_duration(std::chrono::minutes(200)), "3 h 20 min");
    EXPECT_EQ(counted(1, "day"), "1 day");
    EXPECT_EQ(counted(1'000, "day"), "1,000 days");
}

TEST(name_in_folder, leaves_the_folder_out) {
    EXPECT_EQ(name_in_folder("archives/orders/events_2024-01-01.csv"), "events_2024-01-01.csv");
    EXPECT_EQ(name_in_folder("events_2024-01-01.csv"), "events_2024-01-01.csv");
}

} // namespace
} // namespace app
