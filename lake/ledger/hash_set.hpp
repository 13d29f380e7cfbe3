// A set of hashes that only grows: 8 bytes each.
// Tested by tests/unit/lake/ledger/ledger_test.cpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace lake {

class hash_set {
  public:
    // False if it is there already.
    bool insert(std::uint64_t hash) {
        if (contains(hash))
            return false;
        recent_.push_back(hash);
        if (recent_.size() >= recent_max)
            merge();
        return true;
    }

    [[nodiscard]] bool contains(std::uint64_t hash) const {
        return std::ranges::find(recent_, hash) != recent_.end() || std::ranges::binary_search(sorted_, hash);
    }

  private:
    static constexpr std::size_t recent_max = 512;

    void merge() {
        std::ranges::sort(recent_);
        std::vector<std::uint64_t> all;
        all.reserve(sorted_.size() + recent_.size());
        std::ranges::merge(sorted_, recent_, std::back_inserter(all));
        sorted_ = std::move(all);
        recent_.clear();
    }

    std::vector<std::uint64_t> sorted_;
    std::vector<std::uint64_t> recent_; // not sorted yet
};

} // namespace lake
