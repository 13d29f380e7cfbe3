// What the verifier holds while it proves one day. Private to it.
// Tested by tests/integration/test_verify.py.
#pragma once

#include "archive/look/verifier.hpp"

#include <optional>
#include <unordered_set>
#include <utility>

namespace archive {

struct verifier::proof {
    const lake::listed_file& file;
    lake::expected_file expected;
    verified_file& result;
};

// Which rows have been seen before, in all files of the day. Whole rows are compared, for a key may be used
// again.
class verifier::key_watch {
  public:
    explicit key_watch(fingerprint_set& seen)
        : seen_(seen) {}

    // A hash goes into the set when the next one comes: its memory has arrived by then.
    void note(std::uint64_t hash) {
        seen_.prefetch(hash);
        take_noted();
        noted_ = hash;
    }

    [[nodiscard]] fingerprint_set& seen() {
        take_noted();
        return seen_;
    }
    // Hashes of rows that may be there twice.
    [[nodiscard]] const std::unordered_set<std::uint64_t>& suspects() {
        take_noted();
        return suspects_;
    }
    // The number of suspects that were too many to keep.
    [[nodiscard]] std::uint64_t beyond() {
        take_noted();
        return beyond_;
    }

  private:
    static constexpr std::size_t suspects_max = 1'000;

    void take_noted() {
        if (noted_)
            insert(*std::exchange(noted_, std::nullopt));
    }

    void insert(std::uint64_t hash) {
        if (seen_.insert(hash) != fingerprint_set::outcome::present)
            return;
        if (suspects_.size() < suspects_max)
            suspects_.insert(hash);
        else if (!suspects_.contains(hash)) // possible duplicates are counted when they are named
            ++beyond_;
    }

    fingerprint_set& seen_;
    std::optional<std::uint64_t> noted_; // not yet in the set
    std::unordered_set<std::uint64_t> suspects_;
    std::uint64_t beyond_ = 0;
};

} // namespace archive
