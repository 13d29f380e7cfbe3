#include "lake/folder/block_room.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

namespace lake {
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

TEST(room_behind, is_what_the_targets_add_up_to) {
    for (const auto memory : memories)
        for (const auto parallel : parallels) {
            SCOPED_TRACE(fmt::format("{} bytes for {}", memory, parallel));
            EXPECT_EQ(room_behind(0, {memory, parallel}), reach(memory, parallel));
            EXPECT_EQ(room_behind(blocks_max, {memory, parallel}), 0U);
            EXPECT_EQ(room_behind(blocks_max - 3, {memory, parallel}),
                      3 * target(blocks_max - 3, memory, parallel));
        }
}

TEST(blocks_for, is_how_many_blocks_the_bytes_fill) {
    for (const auto memory : {64 * kib, mib, 32 * mib, gib})
        for (const std::uint64_t from : {0U, 1U, 4'999U, 5'000U, 49'990U, 60'000U})
            for (const auto bytes : {std::uint64_t{0}, std::uint64_t{1}, mib, gib, 300 * gib}) {
                SCOPED_TRACE(fmt::format("{} bytes behind {} blocks, memory {}", bytes, from, memory));
                std::uint64_t blocks = 0;
                for (std::uint64_t left = bytes; left > 0; ++blocks)
                    left -= std::min(left, target(from + blocks, memory, 4));
                EXPECT_EQ(blocks_for(bytes, from, {memory, 4}), blocks);
            }
}

TEST(judge_room, follows_its_table) {
    const block_memory usual{32 * mib, 4};
    const struct {
        const char* context;
        room_facts facts;
        room expected;
    } rows[] = {
        {"a new file", {0, 0, gib, usual}, room::enough},
        {"a few blocks, little planned", {10, 10 * mib, mib, usual}, room::enough},
        {"a few blocks, a huge day", {10, 10 * mib, 300 * gib, usual}, room::enough},
        {"more than fits with blocks that are cut off early, though not if they were full",
         {10, 10 * mib, 640 * gib, usual},
         room::enough},
        {"more than fits", {10, 10 * mib, 20 * tib, usual}, room::too_little},
        {"many tiny blocks, and what is planned is not known",
         {46'000, 46 * mib, 0, usual},
         room::after_compaction},
        {"fewer, but the reserve is there", {44'000, 44 * mib, 0, usual}, room::enough},
        {"half full of tiny blocks, and a day that needs the rest",
         {25'000, 25 * mib, 300 * gib, usual},
         room::after_compaction},
        {"full of tiny blocks", {50'000, 50'000, mib, usual}, room::after_compaction},
        {"near the limit, but the blocks are large already: compacting gains nothing yet",
         {47'000, 400 * gib, mib, usual},
         room::enough},
        {"full of large blocks", {50'000, 640 * gib, mib, usual}, room::too_little},
        {"more blocks than there may be", {60'000, 60'000 * 15 * mib, 1, usual}, room::too_little},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.context);
        EXPECT_EQ(judge_room(row.facts), row.expected);
    }
}

} // namespace
} // namespace lake
