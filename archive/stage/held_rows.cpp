#include "archive/stage/held_rows.hpp"

#include <algorithm>

namespace archive {

void held_rows::add(std::uint64_t key_hash, std::uint64_t row_crc) {
    taken_.clear();
    rows_.push_back({key_hash, row_crc});
}

held_rows::found held_rows::take(std::uint64_t key_hash, std::uint64_t row_crc) {
    if (taken_.empty()) {
        std::ranges::sort(rows_);
        taken_.resize(rows_.size());
    }
    const auto of_key = std::ranges::equal_range(rows_, key_hash, {}, &row::key);
    if (of_key.empty())
        return found::none;
    const auto same = std::ranges::equal_range(of_key, row_crc, {}, &row::crc);
    if (same.empty())
        return found::other_content;
    // Equal rows are taken in their order. There may be a million of them: the first that is left is searched
    // for by halves.
    const auto end = taken_.begin() + (same.end() - rows_.begin());
    const auto next = std::partition_point(taken_.begin() + (same.begin() - rows_.begin()), end,
                                           [](bool taken) { return taken; });
    if (next == end)
        return found::none;
    *next = true;
    return found::same;
}

void held_rows::clear() {
    rows_ = {};
    taken_ = {};
}

} // namespace archive
