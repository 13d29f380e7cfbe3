#include "async/error.hpp"
#include "azure/blob/block_id.hpp"
#include "http/client/base64.hpp"

#include <gtest/gtest.h>

#include <set>

namespace azure {
namespace {

const std::string nonce = "0123456789abcdef0123456789abcdef0123456789abcdef01234567";

std::string raw(const std::string& id) {
    const auto bytes = http::base64_decode(id);
    return bytes ? std::string(bytes->begin(), bytes->end()) : "";
}

TEST(block_ids, carry_the_nonce_and_count) {
    block_ids ids(nonce);

    EXPECT_EQ(raw(ids.next()), "0123456789abcdef00000000");
    EXPECT_EQ(raw(ids.next()), "0123456789abcdef00000001");
}

TEST(block_ids, need_no_escaping_by_default) {
    block_ids ids(nonce);
    const auto id = ids.next();
    EXPECT_EQ(id.size(), 32U);
    EXPECT_EQ(id.find_first_of("+/="), std::string::npos);
}

TEST(block_ids, have_the_length_of_the_blobs_others) {
    for (std::size_t length = block_ids::raw_length_min; length <= block_ids::raw_length_max; ++length) {
        block_ids ids(nonce, length);
        std::set<std::string> seen;
        for (int i = 0; i < 20; ++i) {
            const auto id = ids.next();
            EXPECT_EQ(raw_length(id), length);
            seen.insert(id);
        }
        EXPECT_EQ(seen.size(), 20U);
    }
}

TEST(block_ids, of_unsupported_lengths_are_refused) {
    EXPECT_THROW(block_ids(nonce, block_ids::raw_length_min - 1), async::error);
    EXPECT_THROW(block_ids(nonce, block_ids::raw_length_max + 1), async::error);
    EXPECT_THROW(block_ids("short"), async::error);
}

TEST(raw_length, is_zero_for_what_is_not_base64) {
    EXPECT_EQ(raw_length("AAAAAAAAAAH/+w=="), 10U);
    EXPECT_EQ(raw_length("AAAA"), 3U);
    EXPECT_EQ(raw_length("AAA="), 2U);
    for (const auto* text : {"", "A", "AAA", "A===", "====", "AA=A", "AA A", "AA\nA"})
        EXPECT_EQ(raw_length(text), 0U) << text;
}

} // namespace
} // namespace azure
