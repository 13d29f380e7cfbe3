// How much a file can take: the service allows 50,000 blocks in it, and memory bounds the size of a block.
// Pure arithmetic.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lake {

inline constexpr std::uint64_t blocks_max = 50'000; // Put Block List

// What blocks are cut from.
struct block_memory {
    std::uint64_t bytes = 0; // of all buffers
    std::size_t parallel = 1;
};

// How much a block should hold: grows with the blocks a file already has, so that any day fits under the
// service's limit, and shrinks with the memory there is.
[[nodiscard]] std::uint64_t block_size_target(std::uint64_t blocks, std::uint64_t memory_bytes,
                                              std::size_t parallel) noexcept;

// The bytes that the blocks from number `from` up to the limit hold, and the number of blocks that a file of
// `from` has after `bytes` more. Both assume that each block is filled; some are cut off early where memory
// is short.
[[nodiscard]] std::uint64_t room_behind(std::uint64_t from, block_memory memory) noexcept;
[[nodiscard]] std::uint64_t blocks_for(std::uint64_t bytes, std::uint64_t from, block_memory memory) noexcept;

// Whether a file has room for the blocks to be appended.
struct room_facts {
    std::uint64_t blocks = 0;  // that it has
    std::uint64_t bytes = 0;   // that they hold
    std::uint64_t planned = 0; // bytes to append; 0: not known
    block_memory memory;
};
enum class room : std::uint8_t {
    enough,
    after_compaction, // once its bytes lie in fewer, larger blocks
    too_little,       // even then
};
[[nodiscard]] room judge_room(const room_facts& facts) noexcept;

} // namespace lake
