#include "events/queries/parameter_check.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>

namespace {

using namespace std::string_view_literals;

bool is_good(std::uint32_t type, std::string_view text) {
    return events::parameter_mistake(type, text).empty();
}

TEST(parameter_check, a_uuid_is_anchored_and_of_any_case) {
    EXPECT_TRUE(is_good(2950, "51246265-be28-4af3-8148-22ebdd46eab2"));
    EXPECT_TRUE(is_good(2950, "51246265-BE28-4AF3-8148-22EBDD46EAB2"));
    for (const auto each :
         {""sv, "x"sv, "zz51246265-be28-4af3-8148-22ebdd46eab2zz"sv, "51246265be284af3814822ebdd46eab2"sv,
          "{51246265-be28-4af3-8148-22ebdd46eab}"sv, "51246265-be28-4af3-8148-22ebdd46eab2 "sv,
          "51246265-be28-4af3-8148_22ebdd46eab2"sv})
        EXPECT_FALSE(is_good(2950, each)) << each;
}

TEST(parameter_check, numbers_fit_their_type) {
    EXPECT_TRUE(is_good(21, "-32768"));
    EXPECT_FALSE(is_good(21, "32768"));
    EXPECT_TRUE(is_good(23, "2147483647"));
    EXPECT_FALSE(is_good(23, "2147483648"));
    EXPECT_TRUE(is_good(20, "-9223372036854775808"));
    EXPECT_FALSE(is_good(20, "9223372036854775808"));
    for (const auto each : {""sv, "1.0"sv, " 1"sv, "1 "sv, "0x1"sv, "one"sv})
        EXPECT_FALSE(is_good(23, each)) << each;
    for (const auto each : {"1"sv, "-1.5"sv, "+.5"sv, "5."sv, "1e9"sv, "1E-9"sv})
        EXPECT_TRUE(is_good(1700, each)) << each;
    for (const auto each : {""sv, "."sv, "-"sv, "1e"sv, "1e+"sv, "1.2.3"sv, "0x1"sv, "1,5"sv})
        EXPECT_FALSE(is_good(701, each)) << each;
}

TEST(parameter_check, text_is_text) {
    EXPECT_TRUE(is_good(25, "it's; DROP TABLE users_revenue --"));
    EXPECT_TRUE(is_good(1043, ""));
    EXPECT_FALSE(is_good(25, "a\0b"sv));
    EXPECT_FALSE(is_good(25, "\xff"));
    EXPECT_TRUE(is_good(16, "true"));
    EXPECT_FALSE(is_good(16, "maybe"));
    EXPECT_TRUE(is_good(1184, "whatever the server makes of it"));
}

} // namespace
