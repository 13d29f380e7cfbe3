#include "events/journal/error.hpp"
#include "events/journal/segments/durable_position.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <vector>

namespace events {
namespace {

TEST(durable_position, is_read_as_it_was_written) {
    for (const position end : {position{0}, position{99}, position{100}, position{1} << 62})
        EXPECT_EQ(decode_durable(encode_durable(end)), end);
    for (const auto* wrong :
         {"", "7", "0000000000000000007\n", "00000000000000000007", "0000000000000000000x\n"})
        EXPECT_FALSE(decode_durable(wrong)) << wrong;
}

// A part of the earlier text and a part of the later one make a position that was never durable.
TEST(durable_position, is_no_mixture_of_two_positions) {
    const auto earlier = encode_durable(99);
    const auto later = encode_durable(100);
    const auto mixed = later.substr(0, later.size() - 3) + earlier.substr(earlier.size() - 3);
    ASSERT_EQ(decode_durable(mixed), 199);
    const std::vector<std::string> reads{earlier, mixed, later, later};
    std::size_t at = 0;
    EXPECT_EQ(agreed_text([&] { return reads.at(at++); }), later);
    EXPECT_EQ(at, 4U);
}

TEST(durable_position, is_not_asked_without_end) {
    position end = 0;
    EXPECT_FALSE(agreed_text([&end] { return encode_durable(++end); }));
    EXPECT_EQ(end, 100);
}

// A journal that is said to end at 0 would look as if it had lost its events.
TEST(durable_position, is_not_taken_for_zero_where_nothing_is_known) {
    position end = 0;
    const auto changing = [&end] { return encode_durable(++end); };
    EXPECT_EQ(position_told(changing, 7), 7);
    try {
        (void)position_told(changing, 0);
        FAIL() << "it was told";
    } catch (const journal_error& failed) {
        EXPECT_EQ(failed.kind(), async::failure::temporary);
    }
    EXPECT_EQ(position_told([] { return encode_durable(5); }, 0), 5);
    EXPECT_FALSE(position_told([] { return std::string("garbage"); }, 5));
}

} // namespace
} // namespace events
