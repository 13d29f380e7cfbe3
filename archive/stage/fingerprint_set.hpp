// Which 64-bit hashes have been seen, in memory of a fixed size whatever their number: when the set is full
// it drops the upper half of the hashes it covers, which a later pass covers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace archive {

class fingerprint_set {
  public:
    explicit fingerprint_set(std::size_t slots);

    // The bytes a set holds at its worst, and the slots for this number of hashes to fit in one pass.
    [[nodiscard]] static std::uint64_t bytes_for(std::uint64_t slots) noexcept;
    [[nodiscard]] static std::uint64_t slots_for(std::uint64_t hashes) noexcept;

    enum class outcome : std::uint8_t { added, present, outside };
    // `outside`: not covered in this pass. Two hashes that differ in their last two bits only count as one,
    // so `present` has to be checked.
    outcome insert(std::uint64_t hash);
    // Fetches the memory where a hash belongs: an `insert` a little later does not wait for it.
    void prefetch(std::uint64_t hash) const noexcept;
    // Marks a hash as met on the other side too; false if it is not in the set.
    bool mark(std::uint64_t hash) noexcept;
    [[nodiscard]] bool covers(std::uint64_t hash) const noexcept { return low_ <= hash && hash <= high_; }
    [[nodiscard]] bool is_unmarked(std::uint64_t hash) const noexcept;
    [[nodiscard]] std::size_t unmarked() const noexcept { return size_ - marked_; }

    // Empties the set and covers all hashes again.
    void restart();
    // Empties the set for the hashes that no pass has covered yet; false once all are covered.
    [[nodiscard]] bool next_pass();

  private:
    [[nodiscard]] std::size_t first_place(std::uint64_t hash) const noexcept;
    [[nodiscard]] std::size_t find(std::uint64_t hash) const noexcept;
    void make_room();

    std::vector<std::uint64_t> slots_; // 0: free; else bit 1 is set, and bit 0 is the mark
    std::size_t size_ = 0;
    std::size_t marked_ = 0;
    std::uint64_t low_ = 0;
    std::uint64_t high_ = std::numeric_limits<std::uint64_t>::max(); // itself included
};

} // namespace archive
