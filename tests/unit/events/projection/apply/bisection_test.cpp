#include "events/projection/apply/bisection.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <gmock/gmock.h>
#include <random>
#include <set>

namespace events {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Plays SQL that refuses the events of `poison`: the order in which events were applied, and the refused.
struct outcome {
    std::vector<std::size_t> applied;
    std::vector<std::size_t> refused;
    std::size_t tries = 0;
};

outcome play(std::vector<event_range> whole, const std::set<std::size_t>& poison) {
    outcome end;
    bisection left(std::move(whole));
    while (const auto range = left.next()) {
        ++end.tries;
        const auto bad = poison.lower_bound(range->begin);
        if (bad == poison.end() || *bad >= range->end) {
            for (auto each = range->begin; each < range->end; ++each)
                end.applied.push_back(each);
            left.applied();
        } else if (left.refused()) {
            end.refused.push_back(range->begin);
        }
    }
    return end;
}

TEST(bisection, finds_each_refused_event_and_applies_the_others_in_order) {
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round) {
        const std::size_t count = 1 + random() % 300;
        std::set<std::size_t> poison;
        for (auto left = random() % 6; left > 0; --left)
            poison.insert(random() % count);
        const auto end = play({{0, count}}, poison);
        EXPECT_TRUE(std::ranges::is_sorted(end.applied));
        EXPECT_EQ(end.applied.size() + poison.size(), count);
        EXPECT_TRUE(std::ranges::equal(end.refused, poison));
    }
}

TEST(bisection, one_in_ten_thousand_takes_few_tries) { EXPECT_LE(play({{0, 10'000}}, {6789}).tries, 29U); }

TEST(bisection, is_over_at_once_where_there_is_nothing_to_try) {
    EXPECT_FALSE(bisection({}).next());
    EXPECT_FALSE(bisection({{3, 3}}).next());
}

TEST(bisection, ranges_leave_events_out) {
    EXPECT_THAT(ranges_without(5, {}), ElementsAre(event_range{0, 5}));
    EXPECT_THAT(ranges_without(5, {0, 2, 4}), ElementsAre(event_range{1, 2}, event_range{3, 4}));
    EXPECT_THAT(ranges_without(2, {0, 1}), IsEmpty());
}

} // namespace
} // namespace events
