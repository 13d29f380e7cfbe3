#include "archive/staging.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>

namespace archive {
namespace {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::uint64_t tib = 1024 * gib;
constexpr std::uint64_t put_block_max = 4'000 * mib; // Put Block, service version 2019-12-12 and later

constexpr std::uint64_t memories[] = {0, 1, 64 * kib, mib, 32 * mib, 100 * mib, gib, 64 * gib, tib};
constexpr std::size_t parallels[] = {0, 1, 2, 4, 16, 256};

std::uint64_t target(std::uint64_t blocks, std::uint64_t memory, std::size_t parallel) {
    return block_size_target(blocks, memory, parallel);
}

// Bytes that a file can hold under these settings.
std::uint64_t reach(std::uint64_t memory, std::size_t parallel) {
    std::uint64_t bytes = 0;
    for (std::uint64_t blocks = 0; blocks < blocks_max; ++blocks)
        bytes += target(blocks, memory, parallel);
    return bytes;
}

TEST(block_size_target, lets_any_day_fit_under_the_limit_of_blocks) {
    EXPECT_EQ(blocks_max, 50'000U);
    EXPECT_GT(reach(32 * mib, 4), 600 * gib) << "with the default memory";
    EXPECT_GT(reach(512 * mib, 4), 6 * tib);
    EXPECT_GT(reach(tib, 4), 19 * tib) << "with memory to spare";
    EXPECT_GT(reach(mib, 256), 16 * gib) << "with the least memory there may be";
}

TEST(block_size_target, never_needs_a_block_that_the_service_refuses) {
    for (const auto memory : memories)
        for (const auto parallel : parallels)
            EXPECT_LE(target(blocks_max - 1, memory, parallel), put_block_max);
}

TEST(block_size_target, leaves_each_worker_a_block_to_fill_while_another_is_sent) {
    for (const auto memory : memories)
        for (const std::size_t parallel : {1U, 2U, 4U, 16U}) {
            SCOPED_TRACE(fmt::format("{} bytes for {}", memory, parallel));
            const auto first = target(0, memory, parallel);
            EXPECT_GE(first, 64 * kib);
            EXPECT_LE(first, 4 * mib);
            if (memory >= 2 * parallel * 64 * kib) {
                EXPECT_LE(first * 2 * parallel, memory);
            }
        }
    EXPECT_EQ(target(0, 32 * mib, 4), 4 * mib);
    EXPECT_EQ(target(0, 32 * mib, 16), mib);
}

TEST(block_size_target, stays_within_half_of_the_memory_however_many_blocks_there_are) {
    for (const auto memory : memories)
        for (const auto parallel : parallels)
            for (const std::uint64_t blocks :
                 {std::uint64_t{0}, std::uint64_t{49'999}, std::numeric_limits<std::uint64_t>::max()}) {
                const auto size = target(blocks, memory, parallel);
                EXPECT_GE(size, 64 * kib);
                EXPECT_LE(size, std::max(memory / 2, 64 * kib));
            }
}

TEST(block_size_target, only_grows_with_blocks_and_memory_and_only_shrinks_with_workers) {
    for (const auto memory : memories)
        for (const auto parallel : parallels)
            for (std::uint64_t blocks = 0; blocks < blocks_max; blocks += 2'500) {
                SCOPED_TRACE(fmt::format("{} blocks, {} bytes for {}", blocks, memory, parallel));
                const auto size = target(blocks, memory, parallel);
                EXPECT_LE(size, target(blocks + 2'500, memory, parallel));
                EXPECT_LE(size, target(blocks, memory * 2 + 1, parallel));
                EXPECT_GE(size, target(blocks, memory, parallel * 2));
            }
}

} // namespace
} // namespace archive
