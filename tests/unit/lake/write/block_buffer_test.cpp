#include "azure/blob/crc64.hpp"
#include "lake/write/block_buffer.hpp"

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <string>

namespace lake {
namespace {

using async::page_size;

std::string bytes_of(std::size_t count, unsigned seed) {
    std::string text(count, '\0');
    for (auto& letter : text) {
        seed = seed * 1'664'525U + 1'013'904'223U;
        letter = static_cast<char>(seed >> 24U);
    }
    return text;
}

std::string joined(const block_buffer& buffer) {
    std::string text;
    for (const auto piece : buffer.pieces()) {
        EXPECT_FALSE(piece.empty());
        text.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    }
    return text;
}

std::uint64_t crc_of(std::string_view text) { return azure::crc64(0, std::as_bytes(std::span(text))); }

class block_buffer_test : public testing::Test {
  protected:
    boost::asio::io_context io_;
    async::page_pool pool_{io_.get_executor(), 4 * page_size};
    block_buffer buffer_{pool_};
};

TEST_F(block_buffer_test, holds_what_was_appended_with_its_checksum) {
    std::string expected;
    unsigned seed = 1;
    for (const std::size_t count : {1U, 0U, 100U, 16'000U, 283U, 16'384U, 7U, 20'000U, 1U}) {
        const auto part = bytes_of(count, ++seed);
        ASSERT_TRUE(buffer_.try_append(part));
        expected += part;

        EXPECT_EQ(buffer_.size(), expected.size());
        EXPECT_EQ(joined(buffer_), expected);
        EXPECT_EQ(buffer_.crc(), crc_of(expected)) << "at any time, and the next append may follow";
    }
    EXPECT_EQ(pool_.used_pages(), (expected.size() + page_size - 1) / page_size);
}

TEST_F(block_buffer_test, gives_its_checksum_at_the_end_alone_too) {
    const auto text = bytes_of(3 * page_size + 17, 5);
    for (std::size_t at = 0; at < text.size(); at += 1'000)
        ASSERT_TRUE(buffer_.try_append(std::string_view(text).substr(at, 1'000)));
    EXPECT_EQ(buffer_.crc(), crc_of(text));
}

TEST_F(block_buffer_test, is_empty_at_first_and_takes_no_page) {
    EXPECT_TRUE(buffer_.empty());
    EXPECT_TRUE(buffer_.pieces().empty());
    EXPECT_EQ(buffer_.crc(), 0U);
    EXPECT_TRUE(buffer_.try_append(""));
    EXPECT_EQ(pool_.used_pages(), 0U);
}

TEST_F(block_buffer_test, appends_all_of_a_row_or_nothing) {
    const auto taken = pool_.try_take();
    const auto begin = bytes_of(page_size + 10, 1);
    ASSERT_TRUE(buffer_.try_append(begin));

    EXPECT_FALSE(buffer_.try_append(bytes_of(2 * page_size, 2))) << "one page is left, two are needed";

    EXPECT_EQ(joined(buffer_), begin);
    EXPECT_EQ(buffer_.crc(), crc_of(begin));
    EXPECT_EQ(pool_.used_pages(), 3U) << "the page that was taken in vain is given back";

    const auto fitting = bytes_of(2 * page_size - 10, 3);
    EXPECT_TRUE(buffer_.try_append(fitting)) << "exactly the room that is left";
    EXPECT_EQ(joined(buffer_), begin + fitting);
    EXPECT_FALSE(buffer_.try_append("x"));
}

TEST_F(block_buffer_test, goes_beyond_the_budget_when_told_to) {
    const auto row = bytes_of(6 * page_size + 1, 1);
    ASSERT_FALSE(buffer_.try_append(row));

    buffer_.append_beyond(row);

    EXPECT_EQ(joined(buffer_), row);
    EXPECT_EQ(buffer_.crc(), crc_of(row));
    EXPECT_EQ(pool_.used_pages(), 7U);
}

TEST_F(block_buffer_test, gives_its_pages_back_when_it_ends_and_takes_them_along_when_moved) {
    ASSERT_TRUE(buffer_.try_append(bytes_of(2 * page_size, 1)));
    {
        const auto sent = std::exchange(buffer_, block_buffer(pool_));
        EXPECT_TRUE(buffer_.empty());
        EXPECT_EQ(sent.size(), 2 * page_size);
        EXPECT_EQ(pool_.used_pages(), 2U);
    }
    EXPECT_EQ(pool_.used_pages(), 0U);
}

} // namespace
} // namespace lake
