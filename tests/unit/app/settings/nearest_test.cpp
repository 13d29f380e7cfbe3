#include "app/settings/nearest.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <utility>
#include <vector>

namespace app {
namespace {

TEST(nearest, is_the_candidate_with_the_fewest_changes_if_there_are_few) {
    constexpr std::array<std::string_view, 6> candidates{"archive", "recover", "config",
                                                         "version", "help",    "--rate-limit"};
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"archive", "archive"},
        {"archiv", "archive"},
        {"rchive", "archive"},
        {"archvie", "archive"},
        {"recovr", "recover"},
        {"ARCHIVE", ""},
        {"halp", "help"},
        {"hp", "help"},
        {"x", ""},
        {"", ""},
        {"frobnicate", ""},
        {"configure", "config"},
        {"--ratelimit", "--rate-limit"},
        {"--rate_limits", "--rate-limit"},
        {"--rate", "--rate-limit"},
        {"arch", "archive"}, // its beginning
        {"ar", ""},
        {"zz", ""},
    };
    for (const auto& [typed, expected] : cases)
        EXPECT_EQ(nearest(typed, candidates), expected) << typed;
    EXPECT_EQ(nearest("archive", {}), "");
}

TEST(nearest, is_the_first_of_equals) {
    constexpr std::array<std::string_view, 3> candidates{"--path", "--bath", "--math"};
    EXPECT_EQ(nearest("--hath", candidates), "--path");
}

} // namespace
} // namespace app
