#include "app/observe/recorded_timeline.hpp"

#include <gtest/gtest.h>

namespace app {
namespace {

struct counting : async::timeline {
    int written = 0;
    void write(const stretch& /*seen*/) override { ++written; }
};

TEST(recorded_timeline, keeps_what_the_page_shows_and_passes_all_on) {
    counting next;
    recorded_timeline timeline(&next);
    timeline.write({"readers", 0, "read", {}, {}, {}});
    timeline.write({"requests", 0, "PUT", {}, {}, {}});
    EXPECT_EQ(timeline.kept().size(), 1U);
    EXPECT_EQ(next.written, 2);
}

TEST(recorded_timeline, counts_what_it_leaves_out) {
    recorded_timeline timeline(nullptr);
    for (std::size_t i = 0; i < recorded_timeline::kept_max + 3; ++i)
        timeline.write({"readers", 0, "read", {}, {}, {}});
    EXPECT_EQ(timeline.kept().size(), recorded_timeline::kept_max);
    EXPECT_EQ(timeline.left_out(), 3U);
}

} // namespace
} // namespace app
