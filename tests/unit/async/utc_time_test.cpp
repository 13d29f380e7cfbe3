#include "async/utc_time.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

namespace async {
namespace {

using namespace std::chrono;

TEST(utc_text, is_in_utc_whatever_the_time_zone_of_the_process) {
    const sys_seconds at(seconds(1'709'172'017)); // 29 February 2024
    for (const auto* zone : {"UTC", "America/New_York", "Pacific/Kiritimati"}) {
        ::setenv("TZ", zone, 1);
        ::tzset();
        EXPECT_EQ(utc_text(at), "2024-02-29T02:00:17Z") << zone;
        EXPECT_EQ(utc_text(at + milliseconds(12)), "2024-02-29T02:00:17.012Z") << zone;
        EXPECT_EQ(utc_text(at + microseconds(12)), "2024-02-29T02:00:17.000012Z") << zone;
    }
    ::unsetenv("TZ");
    ::tzset();
}

TEST(utc_text, rounds_down_before_1970_and_ends_in_no_year) {
    EXPECT_EQ(utc_text(sys_time<milliseconds>(milliseconds(-1))), "1969-12-31T23:59:59.999Z");
    EXPECT_EQ(utc_text(sys_time<microseconds>(sys_days(year(1600) / 2 / 29))), "1600-02-29T00:00:00.000000Z");
    EXPECT_EQ(utc_text(sys_time<microseconds>(sys_days(year(1) / 1 / 1))), "0001-01-01T00:00:00.000000Z");
    EXPECT_EQ(utc_text(sys_time<microseconds>(sys_days(year(10'000) / 1 / 1) - milliseconds(1))),
              "9999-12-31T23:59:59.999000Z");
}

} // namespace
} // namespace async
