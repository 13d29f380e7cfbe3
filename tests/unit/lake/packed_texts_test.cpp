#include "async/error.hpp"
#include "lake/packed_texts.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace lake {
namespace {

std::string text_of(std::uint32_t number) {
    return number % 7 == 0 ? std::string()
                           : "text " + std::to_string(number * number) + std::string("\0\n", 2);
}

TEST(packed_texts, gives_each_text_back_in_any_order) {
    packed_texts all;
    for (std::uint32_t number = 0; number < 1'000; ++number) {
        ASSERT_EQ(all.add(text_of(number)), number);
        ASSERT_EQ(all.at(number), text_of(number));
        ASSERT_EQ(all.at(number / 2), text_of(number / 2)) << "while it grows";
    }
    for (std::uint32_t each = 0; each < all.size(); ++each) {
        const auto number = each * 397 % all.size();
        ASSERT_EQ(all.at(number), text_of(number));
    }
    EXPECT_THROW((void)all.at(1'000), async::error);
    const auto moved = std::move(all);
    EXPECT_EQ(moved.at(999), text_of(999));
    EXPECT_EQ(moved.at(1), text_of(1));
}

TEST(packed_texts, takes_texts_of_any_size) {
    packed_texts all;
    const std::string large(1'000'000, 'x');
    for (std::uint32_t number = 0; number < 2 * packed_texts::texts_per_page; ++number)
        all.add(number % 2 == 0 ? large : std::string());
    EXPECT_EQ(all.at(0), large);
    EXPECT_EQ(all.at(65), "");
    EXPECT_EQ(all.at(126), large);
}

} // namespace
} // namespace lake
