#include "archive/plan/size_estimate.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

TEST(estimate_row_size, has_no_error_if_all_rows_were_sampled_or_all_are_alike) {
    const std::vector<sampled_cluster> alike(10, {8, 800});
    const auto some = estimate_row_size(alike, 1'000'000);
    EXPECT_DOUBLE_EQ(some.mean, 100);
    EXPECT_DOUBLE_EQ(some.error, 0);
    EXPECT_EQ(some.sampled, 80U);
    const std::vector<sampled_cluster> uneven{{8, 100}, {8, 9'000}};
    EXPECT_DOUBLE_EQ(estimate_row_size(uneven, 16).error, 0);
    EXPECT_DOUBLE_EQ(estimate_row_size({}, 16).mean, 0);
}

TEST(estimate_row_size, errs_less_the_more_it_has_seen) {
    std::vector<sampled_cluster> sample;
    double error = 10;
    for (int round = 0; round < 4; ++round) {
        for (std::uint64_t at = 0; at < 16; ++at)
            sample.push_back({8, 400 + 50 * at});
        const auto size = estimate_row_size(sample, 1'000'000);
        EXPECT_NEAR(size.mean, 775.0 / 8, 0.01);
        EXPECT_GT(size.error, 0.02);
        EXPECT_LT(size.error, error);
        error = size.error;
    }
    EXPECT_DOUBLE_EQ(estimate_row_size(std::vector<sampled_cluster>{{8, 800}}, 100).error, 1);
}

TEST(sample_points, lie_where_the_rows_are) {
    const auto monday = lake::day::from_text("2024-01-01").value();
    const auto tuesday = lake::day::from_text("2024-01-02").value();
    const std::vector<planned_day> days{{monday, 300}, {tuesday, 100}};
    const auto points = sample_points(days, 4);
    ASSERT_EQ(points.size(), 4U);
    EXPECT_EQ(points[0].since, "2024-01-01 04:00:00");
    EXPECT_EQ(points[1].since, "2024-01-01 12:00:00");
    EXPECT_EQ(points[2].which, monday);
    EXPECT_EQ(points[3].since, "2024-01-02 12:00:00");
    EXPECT_TRUE(sample_points({}, 4).empty());
}

TEST(expected_duration, grows_with_the_work_and_heeds_the_rate_limit) {
    settings limits;
    const work_size work{10, 1'000'000, 400'000'000};
    const auto free = expected_duration(work, limits);
    EXPECT_GT(free, std::chrono::seconds(5));
    EXPECT_LT(free, std::chrono::seconds(60));
    limits.rate_limit = 1'000'000;
    EXPECT_GE(expected_duration(work, limits), std::chrono::seconds(400));
    EXPECT_EQ(expected_duration({}, limits), std::chrono::seconds(1));
}

TEST(expected_memory, is_the_setting_and_a_little_more) {
    settings limits;
    EXPECT_GT(expected_memory(limits), limits.memory_bytes);
    EXPECT_LT(expected_memory(limits), limits.memory_bytes + (std::uint64_t{32} << 20));
}

} // namespace
} // namespace archive
