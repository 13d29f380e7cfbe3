#include "http/client/throttle.hpp"

#include <gtest/gtest.h>

namespace http {
namespace {

using namespace std::chrono_literals;

const throttle::time_point start{1'000s};

TEST(throttle, lets_all_through_until_the_server_is_busy) {
    throttle pace(8, 250ms);
    pace.coped();
    EXPECT_EQ(pace.width(), 8U);
    EXPECT_LT(pace.open_at(), start);
}

TEST(throttle, pauses_longer_and_narrows_while_the_server_stays_busy) {
    throttle pace(8, 250ms);
    struct row {
        std::chrono::milliseconds pause;
        std::size_t width;
    };
    auto now = start;
    for (const auto& row : {row{250ms, 4}, row{500ms, 2}, row{1s, 1}, row{2s, 1}, row{4s, 1}, row{4s, 1}}) {
        EXPECT_TRUE(pace.busy(now, std::nullopt));
        EXPECT_EQ(pace.open_at(), now + row.pause);
        EXPECT_EQ(pace.width(), row.width);
        now = pace.open_at();
    }
}

TEST(throttle, counts_the_answers_to_what_was_under_way_once) {
    throttle pace(8, 250ms);
    EXPECT_TRUE(pace.busy(start, std::nullopt));
    for (int i = 0; i < 7; ++i)
        EXPECT_FALSE(pace.busy(start + 10ms, std::nullopt));
    EXPECT_EQ(pace.width(), 4U);
    EXPECT_EQ(pace.open_at(), start + 250ms);
}

TEST(throttle, heeds_the_servers_wish) {
    throttle pace(8, 250ms);
    EXPECT_TRUE(pace.busy(start, 3s));
    EXPECT_EQ(pace.open_at(), start + 3s);
    EXPECT_FALSE(pace.busy(start + 1s, 1s)) << "the longest counts";
    EXPECT_EQ(pace.open_at(), start + 3s);
    EXPECT_FALSE(pace.busy(start + 1s, 5s));
    EXPECT_EQ(pace.open_at(), start + 6s);
    EXPECT_TRUE(pace.busy(start + 6s, 0ms)) << "shorter than ours";
    EXPECT_EQ(pace.open_at(), start + 6s);
    EXPECT_TRUE(pace.busy(start + 7s, 1h));
    EXPECT_EQ(pace.open_at(), start + 67s);
}

TEST(throttle, widens_one_by_one_as_the_server_copes) {
    throttle pace(4, 250ms);
    pace.busy(start, std::nullopt);
    pace.busy(start + 1s, std::nullopt);
    ASSERT_EQ(pace.width(), 1U);
    int answers = 0;
    for (const std::size_t width : {2U, 3U, 4U}) {
        while (pace.width() < width) {
            pace.coped();
            ++answers;
        }
    }
    EXPECT_EQ(answers, 1 + 2 + 3);
    pace.coped();
    EXPECT_EQ(pace.width(), 4U);
    pace.busy(start + 2s, std::nullopt);
    EXPECT_EQ(pace.open_at(), start + 2s + 250ms) << "the trouble before is forgotten";
}

} // namespace
} // namespace http
