#include "archive/stage/fingerprint_set.hpp"

#include <algorithm>

namespace archive {

namespace {

constexpr std::uint64_t occupied = 2;
constexpr std::uint64_t mark_bit = 1;
constexpr std::size_t slots_min = 64;

__extension__ using wide = unsigned __int128;

std::uint64_t stored(std::uint64_t hash) noexcept { return (hash & ~std::uint64_t{3}) | occupied; }

// Linear probing slows down steeply beyond four fifths.
std::size_t fill_max(std::size_t slots) noexcept { return slots - slots / 5; }

} // namespace

fingerprint_set::fingerprint_set(std::size_t slots)
    : slots_(std::max(slots, slots_min)) {}

// While it makes room, survivors (half of what there is) stand beside the slots.
std::uint64_t fingerprint_set::bytes_for(std::uint64_t slots) noexcept {
    return slots * sizeof(std::uint64_t) * 3 / 2;
}

std::uint64_t fingerprint_set::slots_for(std::uint64_t hashes) noexcept {
    return hashes + hashes / 3 + slots_min;
}

std::size_t fingerprint_set::first_place(std::uint64_t hash) const noexcept {
    // Spread evenly: a later pass covers hashes that begin alike.
    const auto spread = (hash | 3) * 0x9e37'79b9'7f4a'7c15U;
    return static_cast<std::size_t>((static_cast<wide>(spread) * slots_.size()) >> 64);
}

void fingerprint_set::prefetch(std::uint64_t hash) const noexcept {
    __builtin_prefetch(&slots_[first_place(hash)], 1);
}

std::size_t fingerprint_set::find(std::uint64_t hash) const noexcept {
    auto at = first_place(hash);
    const auto wanted = stored(hash);
    while (slots_[at] != 0 && (slots_[at] & ~mark_bit) != wanted)
        at = at + 1 == slots_.size() ? 0 : at + 1;
    return at;
}

fingerprint_set::outcome fingerprint_set::insert(std::uint64_t hash) {
    if (!covers(hash))
        return outcome::outside;
    auto at = find(hash);
    if (slots_[at] != 0)
        return outcome::present;
    while (size_ >= fill_max(slots_.size())) {
        make_room();
        if (!covers(hash))
            return outcome::outside;
        at = find(hash);
    }
    slots_[at] = stored(hash);
    ++size_;
    return outcome::added;
}

bool fingerprint_set::mark(std::uint64_t hash) noexcept {
    auto& slot = slots_[find(hash)];
    if (slot == 0)
        return false;
    marked_ += (slot & mark_bit) == 0 ? 1 : 0;
    slot |= mark_bit;
    return true;
}

bool fingerprint_set::is_unmarked(std::uint64_t hash) const noexcept {
    const auto slot = slots_[find(hash)];
    return slot != 0 && (slot & mark_bit) == 0;
}

void fingerprint_set::make_room() {
    high_ = low_ + (high_ - low_) / 2;
    std::vector<std::uint64_t> kept;
    kept.reserve(size_);
    for (const auto slot : slots_)
        if (slot != 0 && covers(slot))
            kept.push_back(slot);
    std::ranges::fill(slots_, 0);
    for (const auto slot : kept)
        slots_[find(slot)] = slot;
    size_ = kept.size();
    marked_ = static_cast<std::size_t>(
        std::ranges::count_if(kept, [](std::uint64_t slot) { return (slot & mark_bit) != 0; }));
}

void fingerprint_set::restart() {
    low_ = 0;
    high_ = std::numeric_limits<std::uint64_t>::max();
    std::ranges::fill(slots_, 0);
    size_ = marked_ = 0;
}

bool fingerprint_set::next_pass() {
    if (high_ == std::numeric_limits<std::uint64_t>::max())
        return false;
    low_ = high_ + 1;
    high_ = std::numeric_limits<std::uint64_t>::max();
    std::ranges::fill(slots_, 0);
    size_ = marked_ = 0;
    return true;
}

} // namespace archive
