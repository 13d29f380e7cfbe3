#include "archive/stage/fingerprint_set.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace archive {
namespace {

using insertion = fingerprint_set::outcome;

TEST(fingerprint_set, tells_what_it_has_seen) {
    fingerprint_set seen(fingerprint_set::slots_for(3));
    EXPECT_EQ(seen.insert(0), insertion::added);
    EXPECT_EQ(seen.insert(~std::uint64_t{0}), insertion::added);
    EXPECT_EQ(seen.insert(1'000), insertion::added);
    EXPECT_EQ(seen.insert(0), insertion::present);
    EXPECT_EQ(seen.insert(~std::uint64_t{0}), insertion::present);
    EXPECT_FALSE(seen.next_pass());
}

TEST(fingerprint_set, goes_through_what_did_not_fit_in_further_passes) {
    std::mt19937_64 random(7);
    std::vector<std::uint64_t> hashes(10'000);
    for (auto& hash : hashes)
        hash = random() & ~std::uint64_t{3};
    hashes.push_back(hashes[17]);
    hashes.push_back(hashes[9'999]);
    for (const std::size_t slots :
         {std::size_t{64}, std::size_t{1'000}, std::size_t{9'000}, std::size_t{20'000}}) {
        SCOPED_TRACE(slots);
        fingerprint_set seen(slots);
        std::multiset<std::uint64_t> twice;
        std::size_t passes = 0;
        do {
            ++passes;
            for (const auto hash : hashes)
                if (seen.insert(hash) == insertion::present)
                    twice.insert(hash);
        } while (seen.next_pass());
        EXPECT_EQ(twice, (std::multiset<std::uint64_t>{hashes[17], hashes[9'999]}));
        EXPECT_EQ(passes == 1, slots == 20'000);
    }
}

TEST(fingerprint_set, knows_which_were_met_on_the_other_side) {
    fingerprint_set seen(64);
    for (std::uint64_t number = 0; number < 10; ++number)
        seen.insert(number << 40);
    EXPECT_EQ(seen.unmarked(), 10U);
    EXPECT_TRUE(seen.mark(3ULL << 40));
    EXPECT_TRUE(seen.mark(3ULL << 40));
    EXPECT_FALSE(seen.mark(11ULL << 40));
    EXPECT_EQ(seen.unmarked(), 9U);
    EXPECT_FALSE(seen.is_unmarked(3ULL << 40));
    EXPECT_TRUE(seen.is_unmarked(4ULL << 40));
    EXPECT_FALSE(seen.is_unmarked(11ULL << 40));
    seen.restart();
    EXPECT_EQ(seen.unmarked(), 0U);
    EXPECT_EQ(seen.insert(3ULL << 40), insertion::added);
}

} // namespace
} // namespace archive
