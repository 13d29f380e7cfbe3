#include "lake/folder/block_room.hpp"

#include <algorithm>

namespace lake {

namespace {

constexpr std::uint64_t blocks_a_step = 5'000; // blocks are twice as large from one step to the next
// The file is compacted when fewer are left, whatever is planned: in a single scan days are not counted
// before.
constexpr std::uint64_t blocks_in_reserve = 5'000;

} // namespace

std::uint64_t block_size_target(std::uint64_t blocks, std::uint64_t memory_bytes,
                                std::size_t parallel) noexcept {
    constexpr std::uint64_t usual = std::uint64_t{4} << 20;
    constexpr std::uint64_t smallest = std::uint64_t{64} << 10;
    // One block filling and one on the wire for each worker.
    const auto share = memory_bytes / (2 * std::max<std::size_t>(parallel, 1));
    const auto start = std::clamp(share, smallest, usual);
    // 50,000 blocks then hold 19 TiB, memory permitting.
    const auto grown = start << std::min<std::uint64_t>(blocks / blocks_a_step, 10);
    return std::clamp(grown, smallest, std::max(memory_bytes / 2, smallest));
}

std::uint64_t room_behind(std::uint64_t from, block_memory memory) noexcept {
    std::uint64_t bytes = 0;
    while (from < blocks_max) {
        const auto step_end = std::min((from / blocks_a_step + 1) * blocks_a_step, blocks_max);
        bytes += (step_end - from) * block_size_target(from, memory.bytes, memory.parallel);
        from = step_end;
    }
    return bytes;
}

std::uint64_t blocks_for(std::uint64_t bytes, std::uint64_t from, block_memory memory) noexcept {
    std::uint64_t blocks = 0;
    while (bytes > 0) {
        const auto at = from + blocks;
        const auto each = block_size_target(at, memory.bytes, memory.parallel);
        // Beyond the last step blocks grow no more.
        const auto step_left =
            at / blocks_a_step >= 10 ? bytes / each + 1 : blocks_a_step - at % blocks_a_step;
        const auto taken = std::min(step_left, (bytes + each - 1) / each);
        blocks += taken;
        bytes -= std::min(bytes, taken * each);
    }
    return blocks;
}

room judge_room(const room_facts& facts) noexcept {
    const auto needed = blocks_for(facts.planned, facts.blocks, facts.memory);
    const auto left = blocks_max - std::min(facts.blocks, blocks_max);
    // Twice, for blocks that are cut off early.
    if (2 * needed <= left && left >= blocks_in_reserve)
        return room::enough;
    const auto compacted = blocks_for(facts.bytes, 0, facts.memory);
    const auto needed_then = blocks_for(facts.planned, compacted, facts.memory);
    const auto left_then = blocks_max - std::min(compacted, blocks_max);
    // Reading a file again each night is not worth a few blocks less.
    const bool gains = compacted <= facts.blocks / 2 && facts.blocks - compacted >= blocks_in_reserve;
    if (gains && needed_then <= left_then)
        return room::after_compaction;
    return needed <= left && left > 0 ? room::enough : room::too_little;
}

} // namespace lake
