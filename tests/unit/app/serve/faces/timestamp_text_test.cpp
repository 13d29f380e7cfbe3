#include "app/serve/faces/timestamp_text.hpp"
#include "async/uuid_text.hpp"

#include <chrono>
#include <gmock/gmock.h>
#include <string>

namespace app {
namespace {

using ::testing::HasSubstr;

TEST(timestamp_mistake, accepts_what_go_accepts) {
    for (const auto* text :
         {"2006-01-02T15:04:05Z", "2020-02-29T23:59:59.123456789+02:00", "0001-01-01T00:00:00-11:30",
          "9999-12-31T23:59:59-15:59", "2006-01-02T15:04:05+15:59"})
        EXPECT_EQ(timestamp_mistake(text), "") << text;
}

TEST(timestamp_mistake, speaks_as_go_does) {
    constexpr auto layout = R"( as "2006-01-02T15:04:05Z07:00": cannot parse )";
    EXPECT_EQ(timestamp_mistake("now"), std::string(R"(parsing time "now")") + layout + R"("now" as "2006")");
    EXPECT_THAT(timestamp_mistake("2006-1-02T15:04:05Z"),
                HasSubstr(R"(cannot parse "1-02T15:04:05Z" as "01")"));
    EXPECT_THAT(timestamp_mistake("2006-01-02 15:04:05Z"), HasSubstr(R"(cannot parse " 15:04:05Z" as "T")"));
    EXPECT_THAT(timestamp_mistake("2006-01-02T15:04:05+0200"),
                HasSubstr(R"(cannot parse "+0200" as "Z07:00")"));
    EXPECT_THAT(timestamp_mistake("2006-01-02T15:04:05."), HasSubstr(R"(cannot parse "." as "Z07:00")"));
    EXPECT_THAT(timestamp_mistake("2006-01-02T15:04:60Z"), HasSubstr("second out of range"));
    EXPECT_THAT(timestamp_mistake("2006-02-30T15:04:05Z"), HasSubstr("day out of range"));
    EXPECT_THAT(timestamp_mistake("2006-00-30T15:04:05Z"), HasSubstr("month out of range"));
    EXPECT_THAT(timestamp_mistake("2006-01-02T15:04:05ZZ"), HasSubstr(R"(extra text: "Z")"));
}

TEST(timestamp_mistake, refuses_what_postgresql_cannot_hold) {
    const auto out_of_range = [](const std::string& text, const std::string& unit) {
        return "parsing time \"" + text + "\": " + unit + " out of range";
    };
    const std::string start = "2006-01-02T15:04:05";
    EXPECT_EQ(timestamp_mistake(start + "+24:00"), out_of_range(start + "+24:00", "time zone offset hour"));
    EXPECT_EQ(timestamp_mistake(start + "-16:00"), out_of_range(start + "-16:00", "time zone offset hour"));
    EXPECT_EQ(timestamp_mistake(start + "+15:60"), out_of_range(start + "+15:60", "time zone offset minute"));
    EXPECT_EQ(timestamp_mistake("0000-01-02T15:04:05Z"), out_of_range("0000-01-02T15:04:05Z", "year"));
    const auto with_digits = [&start](std::size_t count) {
        return start + "." + std::string(count, '1') + "Z";
    };
    EXPECT_EQ(timestamp_mistake(with_digits(100)), "");
    EXPECT_EQ(timestamp_mistake(with_digits(101)), out_of_range(with_digits(101), "fractional second"));
}

TEST(uuid, is_made_of_version_4) {
    const auto made = uuid_from("0123456789abcdef0123456789abcdef");
    EXPECT_TRUE(async::is_uuid(made)) << made;
    EXPECT_EQ(made[14], '4');
    EXPECT_THAT("89ab", HasSubstr(std::string(1, made[19])));
}

} // namespace
} // namespace app
