#include "exports/time_zone.hpp"

#include <gtest/gtest.h>

namespace exports {
namespace {

TEST(time_zone, is_a_name_and_no_offset) {
    for (const auto* const name : {"UTC", "GMT", "CET", "Europe/Tallinn", "America/Port-au-Prince", "NZ-CHAT",
                                   "America/Argentina/Buenos_Aires", "Etc/GMT+3"})
        EXPECT_EQ(time_zone_mistake(name), "") << name;
    for (const auto* const name : {"", "+03", "3", "UTC+3", "Foo/Bar-2", "EST5EDT",
                                   "Europe/Tallinn; DROP TABLE t", "Europe\\Tallinn", "<+03>-3"})
        EXPECT_NE(time_zone_mistake(name), "") << name;
}

} // namespace
} // namespace exports
