#include "events/journal/segments/segment_index.hpp"

#include <gtest/gtest.h>

namespace events {
namespace {

segment_index some_index() {
    segment_index index;
    for (position at = 0; at < 1'000; ++at)
        index.add({at * 3, 64 + static_cast<std::uint64_t>(at) * 1'000});
    return index;
}

TEST(segment_index, keeps_one_frame_in_64_kib_and_finds_the_one_before_a_position) {
    const auto index = some_index();
    EXPECT_GE(index.entries().size(), 14U);
    EXPECT_LE(index.entries().size(), 16U);
    EXPECT_EQ(index.before(0), (index_entry{0, 64}));
    for (position at = 0; at < 3'000; at += 7) {
        const auto found = index.before(at).value();
        EXPECT_LE(found.first, at);
        EXPECT_GE(found.first, at - 3 * 67);
    }
    EXPECT_FALSE(segment_index().before(5));
}

TEST(segment_index, is_believed_only_whole_and_of_the_file_it_was_made_of) {
    const auto bytes = some_index().encode(5'000'000);
    EXPECT_EQ(segment_index::decode(bytes, 5'000'000).value().entries(), some_index().entries());
    EXPECT_FALSE(segment_index::decode(bytes, 5'000'001));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        auto changed = bytes;
        changed[at] = static_cast<char>(changed[at] ^ 1);
        EXPECT_FALSE(segment_index::decode(changed, 5'000'000)) << at;
        EXPECT_FALSE(segment_index::decode(bytes.substr(0, at), 5'000'000)) << at;
    }
}

} // namespace
} // namespace events
