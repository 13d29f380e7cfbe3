#include "app/serve/status/position_history.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const position_history::time_point first_note{seconds(1'700'000'000)};

TEST(position_history, keeps_samples_apart_and_the_last_one_up_to_date) {
    position_history kept;
    for (int each = 0; each <= 100; ++each)
        kept.note("live", first_note + milliseconds(100 * each), each);
    const auto& samples = kept.samples("live");
    EXPECT_LE(samples.size(), 7U);
    EXPECT_EQ(samples.front().position, 0);
    EXPECT_EQ(samples.back().position, 100);
    EXPECT_TRUE(kept.samples("other").empty());
}

TEST(position_history, forgets_what_is_older_than_the_plot) {
    position_history kept;
    for (int each = 0; each <= 1'000; ++each)
        kept.note("live", first_note + seconds(5 * each), each);
    const auto& samples = kept.samples("live");
    EXPECT_LE(samples.size(), 62U);
    EXPECT_GE(samples.back().at - samples.front().at, position_history::kept);
    kept.forget(first_note + seconds(5'000));
    EXPECT_EQ(kept.size(), 1U);
    kept.forget(first_note + seconds(5'000) + position_history::kept);
    EXPECT_EQ(kept.size(), 0U);
}

TEST(position_history, begins_anew_where_a_position_or_the_clock_goes_back) {
    position_history kept;
    kept.note("live", first_note, 10);
    kept.note("live", first_note + seconds(5), 20);
    kept.note("live", first_note + seconds(10), 3);
    EXPECT_EQ(kept.samples("live").size(), 1U);
    kept.note("live", first_note, 4);
    EXPECT_EQ(kept.samples("live").front().position, 4);
}

} // namespace
} // namespace app
