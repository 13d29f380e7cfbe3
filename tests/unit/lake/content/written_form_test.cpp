#include "lake/content/written_form.hpp"

#include <gtest/gtest.h>

#include <string>

namespace lake {
namespace {

TEST(is_written_key, takes_what_postgresql_writes_and_nothing_else) {
    for (const auto* good : {"0", "-1", "7", "-32768", "32767"})
        EXPECT_TRUE(is_written_key("smallint", good)) << good;
    for (const auto* bad :
         {"", "-", "-0", "00", "07", "+7", " 7", "7 ", "7.0", "1e3", "0x1F", "1_000", "32768"})
        EXPECT_FALSE(is_written_key("smallint", bad)) << bad;
    EXPECT_TRUE(is_written_key("integer", "2147483647"));
    EXPECT_FALSE(is_written_key("integer", "2147483648"));
    EXPECT_TRUE(is_written_key("bigint", "-9223372036854775808"));
    EXPECT_FALSE(is_written_key("bigint", "9223372036854775808"));
    EXPECT_TRUE(is_written_key("uuid", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"));
    for (const auto* bad : {"", "A0EEBC99-9c0b-4ef8-bb6d-6bb9bd380a11", "a0eebc999c0b4ef8bb6d6bb9bd380a11",
                            "{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1"})
        EXPECT_FALSE(is_written_key("uuid", bad)) << bad;
    EXPECT_TRUE(is_written_key("text", ""));
    EXPECT_TRUE(is_written_key("character varying", "any, \"thing\""));
}

TEST(judge_time, knows_the_day_and_rejects_what_is_not_a_time) {
    for (const auto* good : {"2024-02-29 00:00:00", "2024-02-29 23:59:59.999999", "2024-02-29 10:00:00.1+00",
                             "2024-02-29 10:00:00+00"})
        EXPECT_EQ(judge_time("2024-02-29", good), written_time::of_day) << good;
    for (const auto* other : {"2024-03-01 00:00:00", "2023-02-28 23:59:59.9", "0001-01-01 00:00:00+00"})
        EXPECT_EQ(judge_time("2024-02-29", other), written_time::of_other_day) << other;
    for (const auto* bad :
         {"", "2024-02-29", "45292.5", "2024-02-29T00:00:00", "2024-02-29 24:00:00", "2024-02-29 10:60:00",
          "2024-02-29 10:00:60", "2024-02-29 10:00", "2024-02-29 10:00:00.", "2024-02-29 10:00:00.100",
          "2024-02-29 10:00:00.000", "2024-02-29 10:00:00.1234567", "2024-02-29 10:00:00+05",
          "2024-02-29 10:00:00 BC", "2024-02-30 10:00:00", "infinity", " 2024-02-29 10:00:00",
          "2024-02-29 10:00:00 ", "2024-02-29  10:00:00"})
        EXPECT_EQ(judge_time("2024-02-29", bad), written_time::none) << bad;
}

} // namespace
} // namespace lake
