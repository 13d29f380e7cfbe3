#include "archive/plan/memory_budget.hpp"

#include <gtest/gtest.h>

namespace archive {
namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;

TEST(memory_for_rows, leaves_room_for_what_each_worker_holds_besides_rows) {
    EXPECT_EQ(memory_for_rows(32 * mebibyte, 4), 30 * mebibyte - mebibyte / 2) << "with the defaults";
    EXPECT_EQ(memory_for_rows(32 * mebibyte, 32), 19 * mebibyte);
    EXPECT_EQ(memory_for_rows(1024 * mebibyte, 4), 1022 * mebibyte - mebibyte / 2);
}

TEST(memory_for_rows, gives_rows_at_least_half) {
    EXPECT_EQ(memory_for_rows(1 * mebibyte, 4), mebibyte / 2) << "with the least memory there may be";
    EXPECT_EQ(memory_for_rows(32 * mebibyte, 256), 16 * mebibyte);
    EXPECT_EQ(memory_for_rows(0, 1), 0U);
}

} // namespace
} // namespace archive
