#include "app/cli/exit_code.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <gmock/gmock.h>
#include <vector>

namespace app {
namespace {

using async::failure;

// The published table: codes are stable, and manifests and alerts name them.
TEST(exit_code, of_each_failure_is_the_published_one) {
    const std::pair<failure, int> cases[] = {
        {failure::unclassified, 1}, {failure::usage, 2},     {failure::precondition, 3},
        {failure::refused, 4},      {failure::temporary, 5}, {failure::integrity, 7},
        {failure::locked, 10},      {failure::internal, 12},
    };
    for (const auto& [kind, code] : cases)
        EXPECT_EQ(exit_code_of(kind), code) << async::to_string(kind);
}

TEST(exit_code, table_has_every_code_once_in_order_with_words) {
    std::vector<int> codes;
    for (const auto& row : exit_codes()) {
        codes.push_back(row.code);
        EXPECT_NE(row.meaning, "") << row.code;
        EXPECT_EQ(row.again.empty(), row.code == 0) << row.code;
    }
    EXPECT_THAT(codes, testing::ElementsAre(0, 1, 2, 3, 4, 5, 7, 10, 12, 128 + SIGINT, 128 + SIGTERM));
}

TEST(exit_code, promises_that_another_try_helps_only_where_the_error_does) {
    for (const auto& row : exit_codes()) {
        const bool promised = row.again == "yes";
        const bool stopped = row.code >= exit_code::signal_base;
        EXPECT_EQ(promised, stopped || row.code == exit_code_of(failure::temporary)) << row.code;
    }
}

} // namespace
} // namespace app
