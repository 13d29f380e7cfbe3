#include "app/settings/mistake.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

TEST(mistake_in, shows_a_value_that_can_be_no_secret) {
    EXPECT_EQ(mistake_in("--from", "soon", "give a day"), "--from is 'soon': give a day");
    EXPECT_EQ(mistake_in("--from", "line\nbreak", "give a day"), "--from: give a day");
}

TEST(mistake_in, names_a_setting_as_it_was_given_and_shows_no_secret) {
    const auto& parallel = option_named("ARCHIVE_PARALLEL");
    EXPECT_EQ(mistake_in(parallel, {"x", source::flag, "--parallel"}, "give a number"),
              "--parallel is 'x': give a number");
    EXPECT_EQ(mistake_in(parallel, {"x", source::environment}, "give a number"),
              "ARCHIVE_PARALLEL is 'x': give a number");
    EXPECT_EQ(mistake_in(option_named("SERVE_TOKEN"), {"canary", source::environment}, "give more"),
              "SERVE_TOKEN: give more");
}

} // namespace
} // namespace app
