#include "archive/table/selection.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace archive {
namespace {

TEST(cut_pages, covers_every_page_once_and_whatever_is_added_behind) {
    for (const std::uint64_t pages : {0U, 1U, 2U, 99U, 1023U, 1024U, 2047U, 2048U, 100'000U, 4'000'000'000U})
        for (const std::size_t count : {0U, 1U, 2U, 3U, 16U, 1000U})
            for (const std::uint64_t pages_min : {0U, 1U, 10U, 1024U}) {
                SCOPED_TRACE(fmt::format("{} pages, {} ranges of at least {}", pages, count, pages_min));
                const auto ranges = cut_pages(pages, count, pages_min);
                ASSERT_FALSE(ranges.empty());
                EXPECT_EQ(ranges.front().first, 0U);
                EXPECT_EQ(ranges.back().end, std::nullopt);
                for (std::size_t i = 0; i + 1 < ranges.size(); ++i) {
                    ASSERT_EQ(ranges[i].end, ranges[i + 1].first);
                    ASSERT_LT(ranges[i].first, *ranges[i].end);
                    ASSERT_GE(*ranges[i].end - ranges[i].first, pages_min);
                }
                EXPECT_LE(ranges.back().first, pages);
            }
}

TEST(cut_pages, cuts_into_about_as_many_ranges_as_asked_for_of_about_one_length) {
    for (const std::uint64_t pages : {100'000U, 123'457U, 4'000'000U})
        for (const std::size_t count : {1U, 2U, 3U, 7U, 16U}) {
            SCOPED_TRACE(fmt::format("{} pages, {} ranges", pages, count));
            const auto ranges = cut_pages(pages, count, 1024);
            EXPECT_EQ(ranges.size(), count);
            const auto length = pages / count;
            EXPECT_LT(pages - ranges.back().first, 2 * length) << "the last takes what is left over";
        }
}

TEST(cut_pages, does_not_cut_a_small_table) {
    EXPECT_EQ(cut_pages(0, 16, 1024).size(), 1U);
    EXPECT_EQ(cut_pages(2047, 16, 1024).size(), 1U);
    EXPECT_EQ(cut_pages(2048, 16, 1024).size(), 2U);
}

} // namespace
} // namespace archive
